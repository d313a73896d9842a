"""A Faust app for tests: it counts the events of md.aggregates by symbol, and sums their numbers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import faust
import msgspec

from streams import settings, topics
from streams.state.partition import Partition
from streams.state.table import WriteBehindTable
from streams.worker import WorkerApp, unacknowledged

HANG = Path("hang")
"""While this file stands in the worker's folder, it waits before each batch."""
FAIL = Path("fail")
"""While this file stands in the worker's folder, it fails in the middle of a batch."""


class Numbered(msgspec.Struct):
    """An event: a symbol and a number that no other event has."""

    sym: str
    n: int


class Count(msgspec.Struct):
    """A symbol's row."""

    offset: int
    count: int = 0
    sum: int = 0


def _recovered(_partition: Partition[Count]) -> None:
    """Nothing is derived from the rows."""


app = WorkerApp("count", settings.load())
table = WriteBehindTable(
    app,
    "counts",
    Count,
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
            row = rows.setdefault(each.sym, Count(batch.offset))
            row.count += 1
            row.sum += each.n
            row.offset = batch.offset
        await asyncio.sleep(0)


app.task(table.run)
