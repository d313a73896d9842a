"""Partitions of trades that crash, and the trades that they read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, time
from typing import Any

import msgspec

from streams.events import Trade
from streams.sessions import MarketCalendar, at
from streams.slices import SliceDecoder
from streams.state.partition import Partition
from streams.telemetry import Counters
from streams.trades.block import Block
from streams.trades.partition import PartitionTrades
from streams.trades.top import Merger

Json = dict[str, Any]

MONDAY = date(2017, 7, 10)
decode = SliceDecoder[Trade](Trade).decode
_calendar = MarketCalendar()


class Event:
    """An event that nobody waits for."""

    def ack(self) -> bool:
        return True


def made(symbol: str, time_ms: int, size: float = 100, price: float = 10.0, **more: object) -> Json:
    return {"ev": "T", "sym": symbol, "t": time_ms, "s": size, "p": price, "x": 4, **more}


def clock(hour: int, minute: int = 0, second: int = 0) -> int:
    return at(MONDAY, time(hour, minute, second))


class Source:
    """One partition of md.trades and the worker that reads it; it may crash."""

    def __init__(self) -> None:
        self.table: dict[bytes, bytes] = {}
        self.committed = 0
        self.counters = Counters()
        self.start()

    def start(self) -> None:
        """Recover, as after a crash: RocksDB returns rows in the order of their keys."""
        decoder = msgspec.msgpack.Decoder(Block)
        rows = {key.decode(): decoder.decode(value) for key, value in sorted(self.table.items())}
        self.partition = Partition[Block](0, rows)
        self.trades = PartitionTrades(0, rows, _calendar, self.counters)

    def take(self, offset: int, batch: Sequence[Json], received_ms: int | None = None) -> None:
        """Apply a batch as the pipeline does."""
        if not self.partition.take(offset, Event()):
            return
        slices = decode(json.dumps(batch).encode())
        if self.partition.replays(offset):
            slices = self.trades.unseen(slices, offset)
        self.trades.apply(slices, offset, received_ms)

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
