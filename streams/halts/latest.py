"""The list of halts in two stages: each partition's, merged into the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from streams import feeds
from streams.halts.status import SymbolHalts

_encode_entry: Final = msgspec.json.Encoder().encode
_KEPT_S: Final = feeds.HALTS_LATEST.ttl


class Told(msgspec.Struct, gc=False, array_like=True, frozen=True):
    """A halt or a resumption: when (s since 1970 UTC), whose, and the entry as JSON."""

    timestamp: float
    symbol: str
    entry: bytes


class Partial(msgspec.Struct, array_like=True):
    """The halts and resumptions of one partition, newest first, as of a source offset."""

    partition: int
    applied: int
    told: list[Told]


class Merged(NamedTuple):
    """The list as it should be, newest first, and whether it is the first one since a rebalance."""

    entries: list[bytes]
    is_first: bool


encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Partial).decode


def make_partial(partition: int, rows: Mapping[str, SymbolHalts]) -> Partial:
    """Return what the rows of a partition have to tell."""
    told = [
        Told(entry.timestamp, entry.symbol, _encode_entry(entry))
        for row in rows.values()
        for entry in row.entries
    ]
    applied = max((row.offset for row in rows.values()), default=-1)
    return Partial(partition, applied, _newest(told))


class Merger:
    """Merges the newest partial of each partition.

    Args:
        partitions: How many partitions there are. No list is made before each has been heard of.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._partials: dict[int, Partial] = {}
        self._is_first = True

    def accept(self, partial: Partial) -> Merged | None:
        """Take a partial; return the list, None while partitions are missing or where this one is old."""
        known = self._partials.get(partial.partition)
        if known is not None and partial.applied < known.applied:
            return None
        self._partials[partial.partition] = partial
        if len(self._partials) < self._partitions:
            return None
        told = _newest([each for partial in self._partials.values() for each in partial.told])
        merged = Merged([each.entry for each in told], self._is_first)
        self._is_first = False
        return merged

    def forget(self) -> None:
        """Start anew, as after a rebalance: every partition sends its partial again."""
        self._partials.clear()
        self._is_first = True


def _newest(told: list[Told]) -> list[Told]:
    """Return the newest entries that the feed has room for, none older than it keeps them by event time."""
    since = max((each.timestamp for each in told), default=0.0) - _KEPT_S
    recent = [each for each in told if each.timestamp > since]
    recent.sort(key=lambda each: (-each.timestamp, each.symbol))
    return recent[: feeds.HALTS_LATEST.bound]
