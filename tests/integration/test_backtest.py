"""A recording goes through the platform and through a backtest: boards, alerts and bars are the same."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis

from streams import feeds, topics
from streams.backtest.run import run
from tests.backtest.results import boards_of, read_results, without_ids, write_frames, write_references
from tests.integration.recordings import (
    IEX,
    START,
    arrivals_of,
    read_frames,
    synthetic_segments,
    with_bad_frames,
    write_reference,
)
from tests.integration.workers import Workers, eventually, lag, partitions_of, read_all
from tests.scanner.brute_force import NEW_YORK, Arrival, Json

if TYPE_CHECKING:
    from tests.integration.pipeline import Pipeline

pytestmark = pytest.mark.timeout(300)
SCREENER = "cheap_movers"
SCREENERS = f'[{SCREENER}]\nsort = "pct_change_since_open"\nsize = 20\nprice = {{ max = 60 }}\n'
IEX_DAY = datetime(2017, 7, 10, 10, 32, tzinfo=NEW_YORK)


async def refer(pipeline: Pipeline, references: list[Json]) -> None:
    """Let the workers know reference data before the first bar."""
    settings = pipeline.settings
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap, enable_idempotence=True
    ) as producer:
        for reference in references:
            key, value = reference["symbol"].encode(), json.dumps(reference).encode()
            await producer.send(settings.topic(topics.REFERENCE), value, key=key)

    async def committed() -> bool:
        return await lag(settings, pipeline.group, topics.REFERENCE) == 0

    await eventually(committed)


async def live_bars(redis: Redis) -> dict[str, list[Json]]:
    """Return the minute bars in Redis by symbol, oldest first."""
    head = feeds.BARS_MINUTE.key("")
    return {
        key.decode().removeprefix(head): [json.loads(bar) for bar in reversed(await redis.lrange(key, 0, -1))]
        async for key in redis.scan_iter(f"{head}*", count=5_000)
    }


async def compare(pipeline: Pipeline, frames: list[bytes], symbols: list[Arrival], day: datetime) -> None:
    """Play frames to the platform, backtest them, and compare; the symbols of some have reference data."""
    folder, settings = pipeline.folder, pipeline.settings
    references = write_reference(folder / "companies", symbols, day, day)
    recording = write_frames(folder / "frames.ndjson", frames)
    known = write_references(folder / "reference.ndjson", references)
    settings.screeners_file = folder / "screeners.toml"
    settings.screeners_file.write_text(SCREENERS)
    report = run(
        [recording],
        folder / "out",
        now_ms=time.time_ns() // 1_000_000,
        reference=known,
        screeners=settings.screeners_file,
    )
    expected = read_results(folder / "out")
    screened = expected.boards.pop(SCREENER)
    assert expected.boards.keys() == {"top_volume", "top_gappers", "top_gainers"}
    assert min(report.alerts, report.bars) > 0

    bars = Workers("streams.bars.app", settings, folder / "bars")
    async with pipeline.running(), bars, Redis.from_url(pipeline.redis.url(1)) as redis:
        await bars.start()
        await refer(pipeline, references)
        async with pipeline.vendor(recording) as simulator:
            await pipeline.played(simulator)

        async def boards_agree() -> bool:
            return boards_of(pipeline.spectator.market()) == expected.boards

        async def screener_agrees() -> bool:
            return json.loads(await redis.get(feeds.SCREENER.key(SCREENER)) or "[]") == screened

        async def bars_agree() -> bool:
            return await live_bars(redis) == expected.bars_by_symbol()

        await eventually(boards_agree)
        await eventually(screener_agrees)
        await eventually(bars_agree)
        records = await read_all(settings, partitions_of(settings, topics.ALERTS))
    assert without_ids(json.loads(record.value) for record in records) == expected.told()


async def test_a_synthetic_market_across_the_open_with_bad_frames_in_it(pipeline: Pipeline) -> None:
    (frames,) = synthetic_segments([25])
    await compare(pipeline, with_bad_frames(frames), arrivals_of(frames), START)


@pytest.mark.skipif(not IEX.exists(), reason=f"the real capture {IEX.name} is not in ../shared")
async def test_a_real_capture(pipeline: Pipeline) -> None:
    frames = read_frames(IEX)
    await compare(pipeline, frames, arrivals_of(frames), IEX_DAY)
