"""One client's subscription with options, and what it did not get."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from streams.wds import globs
from streams.wds.enveloped.envelopes import Type, notice
from streams.wds.enveloped.options import Options, Wish
from streams.wds.framing import text_frame
from streams.wds.grants import Grant

BEHIND: Final = 0.5
"""A client whose outbox is this full gets no more entries of lists, until …"""
CAUGHT_UP: Final = 0.1
"""… no more than this of it waits."""
SLOW: Final = "slow reader"


class Subscriber(Protocol):
    """A client, compared and hashed by identity.

    Attributes:
        deflates: Whether it takes compressed frames.
        grant: What it may read.
    """

    deflates: bool
    grant: Grant

    @property
    def takes_data(self) -> bool:
        """Whether its connection has room."""

    @property
    def load(self) -> float:
        """How full its outbox is: 0 where nothing waits, 1 where it is cut off."""

    def waits(self, key: str) -> bool:
        """Tell whether a latest frame waits for it."""

    def deliver(self, key: str, frame: bytes, latest: bool) -> None:
        """Take a frame, without waiting."""


@dataclass(slots=True)
class Due:
    """Snapshots of a wildcard: feeds they are still to come of, how many were sent, whether it has more."""

    channels: set[str]
    more: bool
    sent: int = 0


class Subscription:
    """A client's wish for a feed, or for all that a wildcard matches. Compared and hashed by identity.

    Args:
        client: Whose it is.
        name: The feed's name as the client gave it.
        wish: How it wants it.
        number: Its place among all subscriptions: one that came earlier has a lower one.

    Attributes:
        glob: The wildcard, where it is one.
        withheld: Feeds of which the client gets nothing until their snapshot is there.
        seen: While a wildcard's feeds are looked for, those that were published meanwhile; else None.
        is_over: Whether it has been ended.
        is_free: Whether it takes every update: nothing is withheld or looked for.
    """

    __slots__ = (
        "_dropped", "_due", "_lagged", "_renewed",
        "client", "glob", "is_free", "is_over", "name", "number", "seen", "wish", "withheld",
    )  # fmt: skip

    def __init__(self, client: Subscriber, name: str, wish: Wish, number: int) -> None:
        self.client = client
        self.name = name
        self.number = number
        self.glob = globs.compiled(name) if globs.is_glob(name) else None
        self.wish = wish
        self.withheld: set[str] = set()
        self.seen: set[str] | None = None
        self.is_over = False
        self.is_free = True
        self._due: Due | None = None
        self._renewed: set[str] = set()
        self._lagged: dict[str, int] = {}
        self._dropped: dict[str, int] = {}

    @property
    def options(self) -> Options:
        """How the updates are to be."""
        return self.wish.options

    def takes(self, channel: str, most_seen: int) -> bool:
        """Tell whether an update is to be sent: not before the feed's snapshot."""
        if self.is_over:
            return False
        if self.seen is not None and (channel in self.seen or len(self.seen) < most_seen):
            self.seen.add(channel)
            return False
        return channel not in self.withheld

    def withhold(self, channel: str) -> None:
        """Send nothing of a feed until its snapshot is there."""
        self.withheld.add(channel)
        self.is_free = False

    def look_up(self) -> None:
        """Send nothing of a wildcard's feeds while they are looked for."""
        self.seen = set()
        self.is_free = False

    def end(self) -> None:
        """Send nothing any more."""
        self.is_over = True
        self.is_free = False

    def is_live(self, channel: str) -> bool:
        """Tell whether updates of a feed are sent."""
        return self.seen is None and channel not in self.withheld and not self.is_over

    def begin(self, channels: Collection[str], more: bool) -> None:
        """Take note of what a wildcard's snapshots are to be; a notice tells when they have all been sent.

        Args:
            channels: The feeds.
            more: Whether it matches further ones.
        """
        self.seen = None
        self.withheld |= set(channels)
        self.is_free = not self.withheld and not self.is_over
        self._due = Due(set(channels), more)
        self._tell_if_done(self._due)

    def renew(self, channel: str) -> None:
        """Withhold a feed that has come before until its fresh snapshot is there."""
        self.withhold(channel)
        self._renewed.add(channel)

    def arrives(self, channel: str, is_there: bool) -> bool:
        """Take note that a feed's snapshot is there; return whether the client is to be sent it.

        Args:
            channel: The feed.
            is_there: Whether it has a value. None in the place of one that the client has is no news: Redis
                came back empty, and those who write to it will be back as well.
        """
        self.withheld.discard(channel)
        self.is_free = not self.withheld and self.seen is None and not self.is_over
        is_wanted = is_there or channel not in self._renewed
        self._renewed.discard(channel)
        return is_wanted

    def arrived(self, channel: str) -> None:
        """Count a feed's snapshot, which has been sent."""
        if self._due is not None and channel in self._due.channels:
            self._due.channels.discard(channel)
            self._due.sent += 1
            self._tell_if_done(self._due)

    def _tell_if_done(self, due: Due) -> None:
        if not due.channels:
            self._due = None
            self.notify(Type.SNAPSHOTS, {"sent": due.sent, "more": due.more})

    def notify(self, type_: Type, data: dict[str, object]) -> None:
        """Send a notice about the whole subscription."""
        self.client.deliver("", text_frame(notice(self.name, type_, data)), latest=False)

    def replaced(self, channel: str) -> None:
        """Tell a client that takes no data that a frame of a feed was replaced before it took it.

        One that does gets the newest of what came at once, and there is nothing that it could do better.
        """
        if self.client.takes_data:
            return
        key = f"lag {channel}"
        count = 1 + (self._lagged.get(channel, 0) if self.client.waits(key) else 0)
        self._lagged[channel] = count
        self.client.deliver(key, _lag(channel, count), latest=True)

    def drops_entry(self, channel: str) -> bool:
        """Tell whether an entry of a list has to go because too much waits; it is counted."""
        if channel not in self._dropped:
            # What comes in one turn of the loop goes out at its end, however much that is.
            if self.client.takes_data or self.client.load < BEHIND:
                return False
            self._dropped[channel] = 0
        self._dropped[channel] += 1
        return True

    @property
    def drops(self) -> bool:
        """Whether entries of some list have been dropped and the client does not know yet."""
        return bool(self._dropped)

    def is_behind(self, channel: str) -> bool:
        """Tell whether entries of a list have been dropped and the client does not know yet."""
        return channel in self._dropped

    def catch_up(self, channel: str) -> bool:
        """Tell the client how many entries it did not get, if it takes data again; return whether."""
        if self.client.load > CAUGHT_UP:
            return False
        self.client.deliver("", _lag(channel, self._dropped.pop(channel)), latest=False)
        return True


def _lag(channel: str, count: int) -> bytes:
    return text_frame(notice(channel, Type.LAG, {"dropped": count, "reason": SLOW}))
