"""The bars' Faust app: ``faust -A streams.bars.app worker -l info``.

It reads md.aggregates, and md.trades for the minutes that have no bar there, keeps the minute bars of each
symbol's day behind write-behind tables, and publishes them, longer ones made of them, and the newest raw bar
of each symbol.
"""

from __future__ import annotations

from typing import Any

import faust

from streams import settings, topics
from streams.bars.pipeline import Pipeline
from streams.worker import WorkerApp, unacknowledged

app = WorkerApp("bars", settings.load())
pipeline = Pipeline(app)


@app.agent(app.source(topics.AGGREGATES), name="follow")
async def follow(stream: faust.StreamT[Any]) -> None:
    """Apply the vendor's bars to the minutes of their symbols."""
    await pipeline.follow(unacknowledged(stream))


if app.settings.bars_from_trades:

    @app.agent(app.source(topics.TRADES), name="trade")
    async def trade(stream: faust.StreamT[Any]) -> None:
        """Apply trades to the minutes that the vendor does not tell."""
        await pipeline.trade(unacknowledged(stream))


for work in pipeline.background():
    app.task(work)
