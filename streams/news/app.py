"""The news' Faust app: ``faust -A streams.news.app worker -l info``.

It reads md.news, sends the articles to a one-partition topic, keeps the newest behind a write-behind table
and publishes the list of all, one for each ticker, and when each ticker last had news. One worker has that
partition, so it publishes the market's calendar, too.
"""

from __future__ import annotations

from typing import Any

import faust

from streams import settings, topics
from streams.news.pipeline import Pipeline
from streams.worker import WorkerApp, unacknowledged

app = WorkerApp("news", settings.load())
pipeline = Pipeline(app)


@app.agent(app.source(topics.NEWS), name="read")
async def read(stream: faust.StreamT[Any]) -> None:
    """Read articles and send them on."""
    await pipeline.read(unacknowledged(stream))


@app.agent(app.source(topics.NEWS_FILED), name="file")
async def file(stream: faust.StreamT[Any]) -> None:
    """Keep the newest articles and list them."""
    await pipeline.file(unacknowledged(stream))


for work in pipeline.background():
    app.task(work)
