"""What waits for Redis: the newest value of each key, and list entries in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from streams.emit.commands import Entry
from streams.feeds import Feed


class LatestValues:
    """The newest value of each key of one feed: those that wait, and those that Redis was given.

    Redis may come back empty, so what it was given is kept (as a reference to the same bytes) until it
    would have expired there.

    Args:
        feed: A latest-value feed.
        bound: Most keys that wait, and most that are kept.
    """

    def __init__(self, feed: Feed, bound: int) -> None:
        self._feed = feed
        self._bound = bound
        self._waiting: dict[str | None, bytes] = {}
        self._kept: dict[str | None, tuple[float, bytes]] = {}
        self._replaced = 0

    def __len__(self) -> int:
        """Return how many keys wait."""
        return len(self._waiting)

    def put(self, symbol: str | None, value: bytes) -> bool:
        """Let ``value`` wait in place of an older one; False where there are too many keys already."""
        waiting = self._waiting
        if symbol in waiting:
            self._replaced += 1
        elif len(waiting) >= self._bound:
            return False
        waiting[symbol] = value
        return True

    def take_replaced(self) -> int:
        """Return how many waiting values were replaced by newer ones since the last call."""
        replaced, self._replaced = self._replaced, 0
        return replaced

    def take(self) -> dict[str | None, bytes]:
        """Return all that waits; nothing waits afterwards."""
        taken, self._waiting = self._waiting, {}
        return taken

    def written(self, entries: Iterable[Entry]) -> None:
        """Keep what Redis has taken."""
        now = time.monotonic()
        kept = self._kept
        for symbol, value in entries:
            kept[symbol] = (now, value)
        while len(kept) > self._bound:
            del kept[next(iter(kept))]

    def forget(self, symbol: str | None) -> None:
        """Leave a key to others, as it is in Redis."""
        self._waiting.pop(symbol, None)
        self._kept.pop(symbol, None)

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Let ``entries`` wait again, except where a newer value does."""
        for symbol, value in entries:
            self._waiting.setdefault(symbol, value)

    def resync(self) -> None:
        """Let everything wait that Redis should have by now."""
        oldest = time.monotonic() - self._feed.ttl
        self.put_back((symbol, value) for symbol, (since, value) in self._kept.items() if since > oldest)
        self._kept.clear()


class ListEntries:
    """Entries for list feeds, in order; beyond the bound the oldest goes.

    Args:
        bound: Most entries that wait, over all feeds.
    """

    def __init__(self, bound: int) -> None:
        self._entries: deque[tuple[Feed, Entry]] = deque(maxlen=bound)

    def __len__(self) -> int:
        """Return how many entries wait."""
        return len(self._entries)

    def push(self, feed: Feed, symbol: str | None, value: bytes) -> bool:
        """Let an entry wait; False where the oldest went for it."""
        room = len(self._entries) != self._entries.maxlen
        self._entries.append((feed, (symbol, value)))
        return room

    def take(self) -> dict[Feed, list[Entry]]:
        """Return all that waits, oldest first in each feed; nothing waits afterwards."""
        taken: dict[Feed, list[Entry]] = {}
        for feed, entry in self._entries:
            taken.setdefault(feed, []).append(entry)
        self._entries.clear()
        return taken

    def put_back(self, entries: dict[Feed, list[Entry]]) -> int:
        """Let entries wait again, before newer ones; return how many had no room."""
        lost = 0
        for feed, of_feed in entries.items():
            for entry in reversed(of_feed):
                if len(self._entries) == self._entries.maxlen:
                    lost += 1
                else:
                    self._entries.appendleft((feed, entry))
        return lost
