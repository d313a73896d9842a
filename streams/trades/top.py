"""Top trades in two stages: each partition's windows, merged into the widgets' values."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.trades.window import IDLE_MS

TOP: Final = 100
"""Symbols with a feed of their own: those with the greatest volume in their windows."""

_encode_symbol: Final = msgspec.json.Encoder().encode


class Standing(msgspec.Struct, gc=False, array_like=True):
    """One window as the merger sees it.

    Attributes:
        newest_ms: Time of its newest trade, ms since 1970 UTC.
        total_volume: What it is ranked by, shares.
        stats: Its `Stats` as JSON.
    """

    symbol: str
    newest_ms: int
    total_volume: float
    stats: bytes


class Partial(msgspec.Struct, array_like=True):
    """All windows of one partition that are not forgotten.

    Attributes:
        applied: The newest source offset that it includes.
        clock_ms: The partition's event clock, ms since 1970 UTC; 0 before its first trade.
    """

    partition: int
    applied: int
    clock_ms: int
    standings: list[Standing]


encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Partial).decode


class Widgets(msgspec.Struct):
    """What the widgets are sent.

    Attributes:
        everything: All windows: ``{timestamp, symbols: {S: stats}, symbol_count}``, greatest volume first;
            the timestamp is the event clock, ms since 1970 UTC.
        top: The stats of the first `TOP`, by symbol.
    """

    everything: bytes
    top: dict[str, bytes]


class Merger:
    """Merges the newest partial of each partition.

    Args:
        partitions: How many partitions there are. Nothing is made before each has been heard of.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._partials: dict[int, Partial] = {}
        self._changed = False

    def accept(self, partial: Partial) -> None:
        """Take a partial, unless a later one of its partition is known."""
        known = self._partials.get(partial.partition)
        if known is None or partial.applied >= known.applied:
            self._partials[partial.partition] = partial
            self._changed = True

    def widgets(self) -> Widgets | None:
        """Return the widgets' values, None where nothing has changed since the last call.

        Only the newest clock of all partitions tells which windows are forgotten, so that a partition whose
        symbols are quiet forgets them, too.
        """
        if not self._changed or len(self._partials) < self._partitions:
            return None
        self._changed = False
        clock_ms = max(partial.clock_ms for partial in self._partials.values())
        if not clock_ms:
            return None
        alive = [
            (-standing.total_volume, standing.symbol, standing.stats)
            for partial in self._partials.values()
            for standing in partial.standings
            if clock_ms - standing.newest_ms < IDLE_MS
        ]
        alive.sort()
        symbols = b",".join([b"%b:%b" % (_encode_symbol(symbol), stats) for _, symbol, stats in alive])
        return Widgets(
            b'{"timestamp":%d,"symbols":{%b},"symbol_count":%d}' % (clock_ms, symbols, len(alive)),
            {symbol: stats for _, symbol, stats in alive[:TOP]},
        )

    def forget(self) -> None:
        """Start anew, as after a rebalance: every partition sends its partial again."""
        self._partials.clear()
        self._changed = False
