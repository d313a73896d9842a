"""One partition of md.aggregates and the worker that reads it; it may crash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, time
from typing import Any

import msgspec

from streams.bars.minute import Hour
from streams.bars.symbols import SymbolBars
from streams.events import Aggregate, MinuteAggregate
from streams.sessions import MarketCalendar, at
from streams.slices import SliceDecoder
from streams.state.partition import Partition
from streams.telemetry import Counters

Json = dict[str, Any]

MONDAY = date(2017, 7, 10)
decode = SliceDecoder[Aggregate](Aggregate | MinuteAggregate).decode
_calendar = MarketCalendar()


class Event:
    """An event that nobody waits for."""

    def ack(self) -> bool:
        return True


def clock(hour: int, minute: int = 0, second: int = 0, day: date = MONDAY) -> int:
    return at(day, time(hour, minute, second))


def second(symbol: str, time_ms: int, price: float = 10.0, volume: float = 100, **more: object) -> Json:
    return {
        "ev": "A", "sym": symbol, "v": volume, "av": 1, "vw": price, "o": price, "h": price, "l": price,
        "c": price, "s": time_ms, "e": time_ms + 1_000, **more,
    }  # fmt: skip


def minute(symbol: str, time_ms: int, price: float = 10.0, volume: float = 100, **more: object) -> Json:
    return second(symbol, time_ms, price, volume, ev="AM", e=time_ms + 60_000, **more)


class Source:
    """A partition and its worker."""

    def __init__(self) -> None:
        self.table: dict[bytes, bytes] = {}
        self.committed = 0
        self.counters = Counters()
        self.start()

    def start(self) -> None:
        """Recover, as after a crash."""
        decoder = msgspec.msgpack.Decoder(Hour)
        rows = {key.decode(): decoder.decode(value) for key, value in sorted(self.table.items())}
        self.partition = Partition[Hour](0, rows)
        self.symbols = SymbolBars(rows, _calendar, self.counters)

    def take(self, offset: int, batch: Sequence[Json], received_ms: int | None = None) -> None:
        """Apply a batch as the pipeline does."""
        if not self.partition.take(offset, Event()):
            return
        slices = decode(json.dumps(batch).encode())
        again = self.partition.replays(offset)
        self.symbols.apply(slices.events, slices.raws, offset, received_ms, again=again)

    def flush(self, rows: int | None = None) -> None:
        """Write behind; ``rows`` says how many reach the table before a crash, None for all."""
        begun = self.partition.begin_flush()
        if begun is None:
            return
        unsafe = list(self.partition.unsafe())
        self.table.update((key.encode(), msgspec.msgpack.encode(row)) for key, row in unsafe[:rows])
        if rows is None or rows >= len(unsafe):
            self.partition.end_flush(begun)
            self.committed = begun.through + 1

    def bars(self, span: int = 1) -> dict[str, list[Json]]:
        """Return all bars of a span, by symbol."""
        made = {
            symbol: [msgspec.to_builtins(bar) for bar in day.bars(span=span)]
            for symbol, day in self.symbols.days.items()
        }
        return {symbol: bars for symbol, bars in made.items() if bars}
