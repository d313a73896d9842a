"""The quotes' Faust app: ``faust -A streams.quotes.app worker -l info``.

It reads md.quotes and publishes the newest quote of each symbol. It has no table: a quote is worth nothing
once a newer one is there. Those that have not reached Redis before a crash are read again; those that have
are read from there, so that they outlive Redis, too.
"""

from __future__ import annotations

from typing import Any

import faust

from streams import settings, topics
from streams.quotes.pipeline import Pipeline
from streams.worker import WorkerApp, unacknowledged

app = WorkerApp("quotes", settings.load())
pipeline = Pipeline(app)


@app.agent(app.source(topics.QUOTES), name="quote")
async def quote(stream: faust.StreamT[Any]) -> None:
    """Keep the newest quotes."""
    await pipeline.quote(unacknowledged(stream))


for work in pipeline.background():
    app.task(work)
