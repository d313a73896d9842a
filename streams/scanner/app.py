"""The scanner's Faust app: ``faust -A streams.scanner.app worker -l info``.

It reads md.aggregates and md.reference, keeps both behind write-behind tables, publishes quotes, sends each
partition's best rows to a one-partition topic and merges those into the boards.
"""

from __future__ import annotations

from typing import Any

import faust

from streams import settings, topics
from streams.scanner.pipeline import Pipeline
from streams.worker import WorkerApp, unacknowledged

app = WorkerApp("scanner", settings.load())
pipeline = Pipeline(app)


@app.agent(app.source(topics.AGGREGATES), name="scan")
async def scan(stream: faust.StreamT[Any]) -> None:
    """Apply bars to the states of their symbols."""
    await pipeline.scan(unacknowledged(stream))


@app.agent(app.source(topics.REFERENCE), name="refer")
async def refer(stream: faust.StreamT[Any]) -> None:
    """Keep reference data beside the states."""
    await pipeline.refer(unacknowledged(stream))


@app.agent(app.source(topics.SCANNER_PARTIALS), name="merge")
async def merge(stream: faust.StreamT[Any]) -> None:
    """Merge the partitions' best rows."""
    await pipeline.merge(stream)


for work in pipeline.background():
    app.task(work)
