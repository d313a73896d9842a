"""What a client may do once it is in."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from streams.wds import globs
from streams.wds.overlap import Overlap


@dataclass(frozen=True, slots=True)
class Grant:
    """A key's or token's worth.

    Attributes:
        name: Whose it is; for logs and limits.
        key_id: The beginning of the hash of the key that it is, or stands for; empty where there is no key of
            a file.
        feeds: Globs of the feeds that may be read.
        max_clients: Most clients at a time with it; None for no limit of its own.
        max_subscriptions: Most subscriptions of a client; None for no limit of its own.
        expires_at: Seconds since 1970 UTC; None for never.
        parent: Of a token that stands for a key: the key's, beyond which it does not go.
    """

    name: str
    key_id: str = ""
    feeds: tuple[str, ...] = ("*",)
    max_clients: int | None = None
    max_subscriptions: int | None = None
    expires_at: float | None = None
    parent: Grant | None = None

    def may_read(self, key: str) -> bool:
        """Tell whether a feed of this key may be read."""
        if self.parent is not None and not self.parent.may_read(key):
            return False
        return self.feeds == ("*",) or any(globs.compiled(glob).matches(key) for glob in self.feeds)

    def may_subscribe(self, name: str) -> bool:
        """Tell whether a feed, or any that a glob may match, may be read."""
        if self.parent is not None and not self.parent.may_subscribe(name):
            return False
        if not globs.is_glob(name):
            return self.may_read(name)
        return self.feeds == ("*",) or any(_overlap(self.feeds).met_by(globs.compiled(name).tokens))

    def within(self, parent: Grant) -> Grant:
        """Return what is left of it under a key's grant."""
        limits = [most for most in (self.max_subscriptions, parent.max_subscriptions) if most is not None]
        return replace(
            self, parent=parent, max_clients=parent.max_clients, max_subscriptions=min(limits, default=None)
        )

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= time.time()


EVERYTHING: Final = Grant("everybody")
"""Where no key is needed."""
SHARED_KEY: Final = Grant("AUTH_API_KEY")
"""With the one key that all clients share."""


@lru_cache
def _overlap(feeds: tuple[str, ...]) -> Overlap:
    return Overlap([globs.compiled(feed).tokens for feed in feeds])
