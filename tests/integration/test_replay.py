"""A recording goes through the whole platform; WebSocket clients get what a brute force makes of the file.

At another speed, the whole of the real capture (6 minutes at speed 1):
``REPLAY_SPEED=1 ./scripts/test tests/integration/test_replay.py -k whole``
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from streams.reference.loader import load_reference
from tests.integration.recordings import (
    GOOD_BAR,
    IEX,
    START,
    arrivals_of,
    first_seconds,
    read_frames,
    synthetic_segments,
    with_bad_frames,
    write_recording,
    write_reference,
)
from tests.scanner.brute_force import NEW_YORK, Arrival, Json, market

if TYPE_CHECKING:
    from tests.integration.pipeline import Pipeline

SPEED = float(os.environ.get("REPLAY_SPEED", "0"))
pytestmark = pytest.mark.timeout(900 if SPEED else 300)
IEX_DAY = datetime(2017, 7, 10, 10, 32, tzinfo=NEW_YORK)
needs_capture = pytest.mark.skipif(
    not IEX.exists(), reason=f"the real capture {IEX.name} is not in ../shared"
)


async def replay(
    pipeline: Pipeline, frames: list[bytes], arrivals: list[Arrival], references: list[Json], speed: float
) -> None:
    """Play frames, load reference data once the market's clock is known, and compare."""
    recording = write_recording(pipeline.folder / "frames.ndjson", frames)
    reference = pipeline.folder / "reference.ndjson"
    async with pipeline.vendor(recording, speed=speed, reference=reference) as simulator:
        await pipeline.played(simulator)
        settings = pipeline.settings.model_copy(update={"massive_rest_url": simulator.rest_url})
        assert len((await load_reference(settings)).references) == len(references)
    expected = market(arrivals, references)
    assert expected.top_volume
    assert expected.top_gappers
    assert expected.top_gainers
    await pipeline.expect(expected)


@needs_capture
@pytest.mark.parametrize("workers", [1, 2])
async def test_the_whole_capture_as_fast_as_it_goes(pipeline: Pipeline, workers: int) -> None:
    frames = read_frames(IEX)
    arrivals = arrivals_of(frames)
    path = pipeline.folder / "reference.ndjson"
    references = write_reference(path, arrivals, IEX_DAY, IEX_DAY - timedelta(days=3))
    async with pipeline.running(workers):
        await replay(pipeline, frames, arrivals, references, SPEED)


@needs_capture
async def test_the_beginning_of_the_capture_at_20_times_its_pace(pipeline: Pipeline) -> None:
    frames = first_seconds(read_frames(IEX), 120)
    arrivals = arrivals_of(frames)
    path = pipeline.folder / "reference.ndjson"
    references = write_reference(path, arrivals, IEX_DAY, IEX_DAY - timedelta(days=3))
    async with pipeline.running():
        await replay(pipeline, frames, arrivals, references, 20)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_synthetic_market_across_the_open_with_bad_frames_in_it(
    pipeline: Pipeline, workers: int
) -> None:
    (frames,) = synthetic_segments([25])
    arrivals = [*arrivals_of(frames), *arrivals_of([b"[" + GOOD_BAR + b"]"])]
    path = pipeline.folder / "reference.ndjson"
    references = write_reference(path, arrivals, START, START - timedelta(days=1))
    async with pipeline.running(workers):
        await replay(pipeline, with_bad_frames(frames), arrivals, references, 0)
        health = await pipeline.listener_health()
        assert health["counters"].get("dropped", {}) == {}
