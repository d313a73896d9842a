"""Partitions of trades that crash, and the trades that they read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, time
from typing import Any

from streams.events import Trade
from streams.sessions import MarketCalendar, at
from streams.slices import SliceDecoder
from streams.trades.block import Block
from streams.trades.partition import PartitionTrades
from streams.trades.top import Merger
from tests.state.crashing import CrashingPartition, Event

Json = dict[str, Any]

MONDAY = date(2017, 7, 10)
decode = SliceDecoder[Trade](Trade).decode
_calendar = MarketCalendar()


def made(symbol: str, time_ms: int, size: float = 100, price: float = 10.0, **more: object) -> Json:
    return {"ev": "T", "sym": symbol, "t": time_ms, "s": size, "p": price, "x": 4, **more}


def clock(hour: int, minute: int = 0, second: int = 0) -> int:
    return at(MONDAY, time(hour, minute, second))


class Source(CrashingPartition[Block]):
    """One partition of md.trades and the worker that reads it; it may crash."""

    def __init__(self) -> None:
        super().__init__(Block)

    def start(self) -> dict[str, Block]:
        """Recover, as after a crash."""
        rows = super().start()
        self.trades = PartitionTrades(0, rows, _calendar, self.counters)
        return rows

    def take(self, offset: int, batch: Sequence[Json], received_ms: int | None = None) -> None:
        """Apply a batch as the pipeline does."""
        if not self.partition.take(offset, Event()):
            return
        slices = decode(json.dumps(batch).encode())
        if self.partition.replays(offset):
            slices = self.trades.unseen(slices, offset)
        self.trades.apply(slices, offset, received_ms)

    def widgets(self) -> tuple[Json, dict[str, Json]] | None:
        """Return what the widgets are sent of this partition alone."""
        partial = self.trades.partial()
        assert partial is not None
        merger = Merger(1)
        merger.accept(partial)
        found = merger.widgets()
        if found is None:
            return None
        return json.loads(found.everything), {key: json.loads(value) for key, value in found.top.items()}
