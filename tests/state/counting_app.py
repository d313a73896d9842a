"""A Faust app for tests: it counts the events of md.aggregates by symbol, and sums their numbers."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import faust
import msgspec

from streams import settings, topics
from streams.state.partition import Partition
from streams.state.table import WriteBehindTable
from streams.state.versions import Upgrades
from streams.worker import WorkerApp, unacknowledged

HANG = Path("hang")
"""While this file stands in the worker's folder, it waits before each batch."""
FAIL = Path("fail")
"""While this file stands in the worker's folder, it fails in the middle of a batch."""


class Numbered(msgspec.Struct):
    """An event: a symbol and a number that no other event has."""

    sym: str
    n: int


class Count(msgspec.Struct, tag_field="v", tag=1):
    """A symbol's row."""

    offset: int
    count: int = 0
    sum: int = 0

    def add(self, number: int) -> None:
        """Count one event."""
        self.count += 1
        self.sum += number


class Totals(msgspec.Struct, tag_field="v", tag=2):
    """A symbol's row as a later version of the app has it: count and sum in one field."""

    offset: int
    totals: tuple[int, int] = (0, 0)

    def add(self, number: int) -> None:
        """Count one event."""
        count, total = self.totals
        self.totals = count + 1, total + number


Rows = Count | Totals
ROW: type[Rows] = Totals if "COUNT_LATER" in os.environ else Count
"""The later version runs where this variable is set."""
TO_TOTALS: Upgrades[Rows] = {Count: lambda old: Totals(old.offset, (old.count, old.sum))}


def _recovered(_partition: Partition[Rows]) -> None:
    """Nothing is derived from the rows."""


app = WorkerApp("count", settings.load())
table = WriteBehindTable(
    app,
    "counts",
    ROW,
    TO_TOTALS if ROW is Totals else {},
    partitions=app.settings.partitions(topics.AGGREGATES),
    settings=app.settings,
    counters=app.counters,
    on_recovered=_recovered,
)
_decode = msgspec.json.Decoder(list[Numbered]).decode


@app.agent(app.source(topics.AGGREGATES), name="count")
async def count(stream: faust.StreamT[Any]) -> None:
    """Count what the rows do not hold yet."""
    async for event in unacknowledged(stream):
        while HANG.exists():  # noqa: ASYNC110  a file makes no event
            await asyncio.sleep(0.05)
        batch = await table.accept(event)
        if batch is None:
            continue
        rows = batch.partition.rows
        fresh = [each for each in _decode(batch.payload) if not batch.partition.holds(each.sym, batch.offset)]
        for number, each in enumerate(fresh):
            if number and FAIL.exists():
                FAIL.unlink()
                raise RuntimeError("asked to fail in the middle of a batch")
            row = rows.setdefault(each.sym, ROW(batch.offset))
            row.add(each.n)
            row.offset = batch.offset
        await asyncio.sleep(0)


app.task(table.run)
