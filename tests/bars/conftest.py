"""One partition of md.aggregates, and of md.trades, and the worker that reads both; it may crash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, time
from typing import Any

import msgspec

from streams.bars.minute import Hour
from streams.bars.symbols import SymbolBars
from streams.bars.traded import TradedHour, TradeHead
from streams.events import Aggregate, BatchDecoder, MinuteAggregate
from streams.sessions import MarketCalendar, at
from streams.slices import SliceDecoder
from tests.state.crashing import CrashingPartition, Event

Json = dict[str, Any]

MONDAY = date(2017, 7, 10)
decode_trades = BatchDecoder[TradeHead](TradeHead).decode
decode = SliceDecoder[Aggregate](Aggregate | MinuteAggregate).decode
_calendar = MarketCalendar()


def clock(hour: int, minute: int = 0, second: int = 0, day: date = MONDAY) -> int:
    return at(day, time(hour, minute, second))


def second(symbol: str, time_ms: int, price: float = 10.0, volume: float = 100, **more: object) -> Json:
    return {
        "ev": "A", "sym": symbol, "v": volume, "av": 1, "vw": price, "o": price, "h": price, "l": price,
        "c": price, "s": time_ms, "e": time_ms + 1_000, **more,
    }  # fmt: skip


def minute(symbol: str, time_ms: int, price: float = 10.0, volume: float = 100, **more: object) -> Json:
    return second(symbol, time_ms, price, volume, ev="AM", e=time_ms + 60_000, **more)


def traded(symbol: str, time_ms: int, price: float = 10.0, size: float = 100, *conditions: int) -> Json:
    return {"ev": "T", "sym": symbol, "t": time_ms, "p": price, "s": size, "x": 4, "c": conditions}


class Source(CrashingPartition[Hour]):
    """A partition and its worker.

    Attributes:
        traded: The partition of md.trades.
    """

    def __init__(self) -> None:
        self.traded = CrashingPartition(TradedHour)
        super().__init__(Hour)

    def start(self) -> dict[str, Hour]:
        """Recover, as after a crash."""
        rows = super().start()
        self.symbols = SymbolBars(rows, self.traded.start(), _calendar, self.counters)
        return rows

    def take(self, offset: int, batch: Sequence[Json], received_ms: int | None = None) -> None:
        """Apply a batch as the pipeline does."""
        if not self.partition.take(offset, Event()):
            return
        slices = decode(json.dumps(batch).encode())
        again = self.partition.replays(offset)
        self.symbols.apply(slices.events, slices.raws, offset, received_ms, again=again)

    def trade(self, offset: int, batch: Sequence[Json], received_ms: int | None = None) -> None:
        """Apply a batch of trades as the pipeline does."""
        if not self.traded.partition.take(offset, Event()):
            return
        trades, _ = decode_trades(json.dumps(batch).encode())
        again = self.traded.partition.replays(offset)
        self.symbols.trade(trades, offset, received_ms, again=again)

    def bars(self, span: int = 1) -> dict[str, list[Json]]:
        """Return all bars of a span, by symbol."""
        made = {
            symbol: [msgspec.to_builtins(bar) for bar in day.bars(span=span)]
            for symbol, day in self.symbols.days.items()
        }
        return {symbol: bars for symbol, bars in made.items() if bars}
