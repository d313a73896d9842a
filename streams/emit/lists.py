"""List feeds that are kept whole: what a list should hold, what Redis has, and how one becomes the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from streams.feeds import Feed

WHOLE: Final = -1
"""As `Amendment.drop`: nothing of the list stays."""


class Amendment(NamedTuple):
    """How a list becomes another one.

    Attributes:
        drop: How many of the newest entries go, or WHOLE.
        base: The entry that is the newest one then; empty where there is none.
        added: What comes on top of it, oldest first.
    """

    drop: int
    base: bytes
    added: list[bytes]


def amendment(known: Sequence[bytes] | None, wanted: Sequence[bytes]) -> Amendment:
    """Return how ``known`` becomes ``wanted``, both newest first; None is a list that is not known.

    What stays is the longest run that ``wanted`` ends with: a list grows at its top and loses its bottom, so
    the further down a change is, the more is written again.
    """
    positions = {value: position for position, value in enumerate(known or ())}
    start = len(wanted)
    drop = WHOLE
    while start:
        position = positions.get(wanted[start - 1])
        if position is None or (drop != WHOLE and position != drop - 1):
            break
        start -= 1
        drop = position
    base = b"" if drop == WHOLE else wanted[start]
    return Amendment(drop, base, list(reversed(wanted[:start])))


@dataclass(slots=True)
class KeptList:
    """One list: its values newest first, as wanted and as Redis has them.

    Attributes:
        wanted: What it should hold.
        backlog: What of it is old, if Redis has no list to tell by.
        given: What Redis was given last; None before the first time.
        known: What Redis holds; None where that is not known.
        given_at: When it was given, by the monotonic clock.
    """

    wanted: Sequence[bytes] = ()
    backlog: Sequence[bytes] = ()
    given: Sequence[bytes] | None = None
    known: Sequence[bytes] | None = None
    given_at: float = field(default_factory=time.monotonic)

    def news(self) -> set[bytes]:
        """Return what subscribers have not been sent: before the first time only Redis can tell."""
        told = self.known or self.backlog if self.given is None else self.given
        return set(self.wanted).difference(told)

    def written(self, wanted: Sequence[bytes]) -> None:
        """Note that Redis holds ``wanted``."""
        self.given = self.known = wanted
        self.backlog = ()
        self.given_at = time.monotonic()


class KeptLists:
    """The lists of one feed by symbol, and which of them are to be written.

    Args:
        feed: A list feed.
        bound: Most lists that are kept.
    """

    def __init__(self, feed: Feed, bound: int) -> None:
        self._feed = feed
        self._bound = bound
        self._lists: dict[str | None, KeptList] = {}
        self._waiting: dict[str | None, None] = {}

    def __len__(self) -> int:
        """Return how many lists wait."""
        return len(self._waiting)

    def replace(self, symbol: str | None, values: Sequence[bytes], *, backlog: bool) -> int | None:
        """Let a list wait to be written.

        Args:
            symbol: Whose list it is, None where the feed is no family.
            values: What it should hold, newest first.
            backlog: Whether ``values`` are old, so that they are no news where Redis has no list.

        Returns:
            How many values went unsent between two writes; None where there are too many lists already.
        """
        kept = self._lists.get(symbol)
        if kept is None:
            if len(self._lists) >= self._bound:
                return None
            kept = self._lists[symbol] = KeptList()
        wanted = values[: self._feed.bound]
        unsent = len(kept.news().difference(wanted)) if symbol in self._waiting else 0
        kept.wanted = wanted
        if backlog:
            kept.backlog = wanted
        self._waiting[symbol] = None
        return unsent

    def forget(self, symbol: str | None) -> None:
        """Leave a list to others, as it is in Redis."""
        self._lists.pop(symbol, None)
        self._waiting.pop(symbol, None)

    def waiting(self) -> Iterator[tuple[str | None, KeptList]]:
        """Return each list that waits when its turn comes; it waits until it is `done`."""
        for symbol in list(self._waiting):
            if symbol in self._waiting:
                yield symbol, self._lists[symbol]

    def done(self, symbol: str | None, kept: KeptList, wanted: Sequence[bytes]) -> None:
        """Note that Redis has taken ``wanted``."""
        kept.written(wanted)
        if self._lists.get(symbol) is kept and kept.wanted is wanted:
            self._waiting.pop(symbol, None)

    def resync(self) -> None:
        """Let every list wait that Redis should have by now, whatever it has."""
        oldest = time.monotonic() - self._feed.ttl
        for symbol, kept in list(self._lists.items()):
            kept.known = None
            if symbol in self._waiting or kept.given_at > oldest:
                self._waiting[symbol] = None
            else:
                del self._lists[symbol]
