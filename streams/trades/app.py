"""The trades' Faust app: ``faust -A streams.trades.app worker -l info``.

It reads md.trades, keeps the newest thousand trades of each symbol behind a write-behind table, publishes
last trades and top trades. It carries the halts, too (`streams.halts` says why).
"""

from __future__ import annotations

from typing import Any

import faust

from streams import settings, topics
from streams.emit import Emitter
from streams.halts.pipeline import Pipeline as Halts
from streams.trades.pipeline import Pipeline as Trades
from streams.worker import WorkerApp, unacknowledged

app = WorkerApp("trades", settings.load())
emitter = Emitter(app.settings, app.counters, app.passage, app.traces)
app.redis = lambda: emitter.connected
trades = Trades(app, emitter)
halts = Halts(app, emitter)


@app.agent(app.source(topics.TRADES), name="trade")
async def trade(stream: faust.StreamT[Any]) -> None:
    """Apply trades to the windows of their symbols."""
    await trades.trade(unacknowledged(stream))


@app.agent(app.source(topics.TRADES_PARTIALS), name="merge")
async def merge(stream: faust.StreamT[Any]) -> None:
    """Merge the partitions' windows."""
    await trades.merge(stream)


@app.agent(app.source(topics.HALTS), name="halt")
async def halt(stream: faust.StreamT[Any]) -> None:
    """Follow price bands, halts and resumptions."""
    await halts.follow(unacknowledged(stream))


@app.agent(app.source(topics.HALTS_PARTIALS), name="merge-halts")
async def merge_halts(stream: faust.StreamT[Any]) -> None:
    """Merge the partitions' halts."""
    await halts.merge(stream)


async def emit() -> None:
    """Write to Redis for as long as the worker runs."""
    async with emitter:
        await app.wait_for_stop()


for work in (*trades.background(), *halts.background(), emit):
    app.task(work)
