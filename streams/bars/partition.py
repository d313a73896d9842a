"""What of one partition's bars is new to clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from streams import feeds
from streams.bars.minute import MINUTE_MS
from streams.bars.span import SPANS
from streams.bars.symbols import SymbolBars
from streams.emit.tails import Tail

TOLD_AGAIN: Final = 2
"""Bars that are published of a list that is written whole: what went before may have missed their end."""

_encode: Final = msgspec.json.Encoder().encode


class PartitionBars:
    """Follows the bars of one partition, for the feed of each span and that of raw bars.

    Args:
        symbols: The partition's bars, changed elsewhere.
    """

    def __init__(self, symbols: SymbolBars) -> None:
        self.symbols = symbols
        self._waiting: dict[int, dict[str, set[int]]] = {span: {} for span in (1, *SPANS)}
        self._whole: dict[int, set[str]] = {span: set() for span in (1, *SPANS)}
        self._raws: set[str] = set()
        for span in self._waiting:
            self.resync(span)
        self.resync_raws()

    def tails(self, span: int, most: int) -> Iterator[Tail]:
        """Yield what has changed in the bars of a span, symbol by symbol, until there are ``most`` bars."""
        self._collect()
        waiting, whole, days = self._waiting[span], self._whole[span], self.symbols.days
        made = 0
        while waiting and made < most:
            symbol = next(iter(waiting))
            minutes, day = waiting.pop(symbol), days[symbol]
            if symbol in whole:
                whole.discard(symbol)
                since, keep = 0, 0
            else:
                since = min(minutes)
                keep = day.count_before(since, span)
            bars = day.bars(since, span)
            changed = {day.start_ms + minute // span * span * MINUTE_MS for minute in minutes}
            if keep == 0:
                changed.update(bar.t for bar in bars[-TOLD_AGAIN:])
            if bars:
                yield Tail(symbol, keep, [_encode(bar) for bar in bars], [bar.t in changed for bar in bars])
            made += len(bars)

    def raws(self) -> Iterator[tuple[str, bytes]]:
        """Return the newest raw bars that changed since the last call, by symbol."""
        changed = self.symbols.newer | self._raws
        self.symbols.newer.clear()
        self._raws.clear()
        days = self.symbols.days
        for symbol in changed:
            yield symbol, days[symbol].raw

    def resync(self, span: int) -> None:
        """Have every list of a span returned whole."""
        for symbol in self.symbols.days:
            self.rewrite(span, symbol)

    def rewrite(self, span: int, symbol: str) -> None:
        """Have one list of a span returned whole."""
        if symbol in self.symbols.days:
            self._waiting[span].setdefault(symbol, set())
            self._whole[span].add(symbol)

    def resync_raws(self) -> None:
        """Have every raw bar returned again that its feed still holds."""
        newest = {symbol: day.raw_end_ms for symbol, day in self.symbols.days.items() if day.raw}
        since_ms = max(newest.values(), default=0) - feeds.AGGREGATE.ttl * 1_000
        self._raws.update(symbol for symbol, end_ms in newest.items() if end_ms >= since_ms)

    def _collect(self) -> None:
        changed = self.symbols.changed
        for waiting in self._waiting.values():
            for symbol, minutes in changed.items():
                known = waiting.get(symbol)
                if known is None:
                    waiting[symbol] = set(minutes)
                else:
                    known |= minutes
        changed.clear()
