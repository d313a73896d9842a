"""How far each list has been passed on: what stands above that in Redis was missed.

A list's entries are published as they are pushed. Of what was pushed while the connection was away the list
alone tells: it is read then, and whatever stands above the newest entry that was passed on goes to the
clients, oldest first, before anything newer does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import msgspec

from streams.feeds import Database, Feed
from streams.telemetry import Counters

KEPT: Final = 20_000
"""Most lists of which it is remembered how far they were passed on; beyond it the quietest is forgotten."""
MAX_HELD: Final = 10_000
"""Most entries that wait while lists are read; beyond it the oldest goes, counted."""
MOST: Final = 500
"""Most entries of a list that are passed on afterwards, where it is subscribed by its very name …"""
FEW: Final = 20
"""… and where it is one of the many that a wildcard matches: the newest."""
EMPTY: Final = b""
"""The tail of a list that held nothing."""


class _Timed(msgspec.Struct):
    t: int


_timed: Final = msgspec.json.Decoder(_Timed)


class Tails:
    """The newest entry of each list that has been passed on.

    Args:
        counters: Counts ``dropped`` entries.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._tails: OrderedDict[str, bytes] = OrderedDict()
        self._held: dict[Database, list[tuple[str, bytes]]] = {}

    def takes(self, feed: Feed, channel: str, entry: bytes) -> bool:
        """Take note that an entry is passed on; False where it has to wait until its list has been read."""
        held = self._held.get(feed.database)
        if held is None:
            self._tails[channel] = entry
            self._tails.move_to_end(channel)
            if len(self._tails) > KEPT:
                self._tails.popitem(last=False)
            return True
        held.append((channel, entry))
        if len(held) > MAX_HELD:
            del held[0]
            self._counters.add("dropped", reason="too_many_held")
        return False

    def begin(self, channel: str, newest: bytes | None) -> None:
        """Take note of a list's newest entry as somebody subscribes to it; None where it is empty."""
        self._tails.setdefault(channel, newest or EMPTY)

    def knows(self, channel: str) -> bool:
        """Tell whether it is known how far a list has been passed on."""
        return channel in self._tails

    def channels(self) -> Collection[str]:
        """Return the lists of which it is known."""
        return self._tails.keys()

    def forget(self, channel: str) -> None:
        """Forget a list: nobody wants it any more."""
        self._tails.pop(channel, None)

    def forget_all(self, channels: Iterable[str]) -> None:
        """Forget lists."""
        for channel in tuple(channels):
            self.forget(channel)

    def hold(self, database: Database) -> None:
        """Let entries wait from now on: the connection is lost, and lists will have to be read."""
        self._held.setdefault(database, [])

    def release(self, database: Database, read: dict[str, list[bytes]]) -> list[tuple[str, bytes]]:
        """Return what has to be passed on now: what was missed, and then what has waited.

        Args:
            database: Whose lists.
            read: The entries of the lists, newest first, as they are now.
        """
        due = [(channel, entry) for channel in read for entry in self._missed(channel, read[channel])]
        for channel, entry in self._held.pop(database, []):
            if entry not in read.get(channel, ()):
                due.append((channel, entry))
        return due

    def _missed(self, channel: str, entries: Sequence[bytes]) -> list[bytes]:
        tail = self._tails.get(channel)
        if tail is None:
            return []
        return above(entries, tail)


def above(entries: Sequence[bytes], tail: bytes) -> list[bytes]:
    """Return the entries that came after one, oldest first; all where a list no longer has it.

    Entries with a time of their own, ``t``, replace each other (bars): those of that time and later count.
    """
    if tail in entries:
        return list(reversed(entries[: entries.index(tail)]))
    since = _time(tail)
    return [entry for entry in reversed(entries) if since is None or (_time(entry) or since) >= since]


def _time(entry: bytes) -> int | None:
    try:
        return _timed.decode(entry).t
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
