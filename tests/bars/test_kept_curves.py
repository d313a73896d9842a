"""The curves of days that are over, as they come to lie on md.volume-curves."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from streams.bars.partition import PartitionBars
from streams.bars.volume_curves import VolumeCurves, curve_key
from streams.reference.past_curves import PastCurves, read_curves
from streams.sessions import MarketCalendar
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.volume_curve import points_of, volume_at
from tests.integration.installation import installation

from .conftest import MONDAY, Json, Source, clock, minute

TIMEOUT_S = 30.0
START_MS = clock(4)
HOUR_MS = 3_600_000


@pytest.fixture
async def settings(kafka_bootstrap: str) -> Settings:
    prefix = f"v{uuid.uuid4().hex[:8]}."
    settings = Settings(
        kafka_bootstrap=kafka_bootstrap,
        kafka_topic_prefix=prefix,
        kafka_partitions=1,
        volume_curves_quiet_s=0.1,
    )
    await create_topics(settings)
    return settings


def day(symbol: str, *bars: tuple[int, int], total: int | None = None) -> list[Json]:
    """Return minute bars at hours of Monday; the last tells ``total``, else the sum."""
    summed = 0
    found = []
    for hour, shares in bars:
        summed += shares
        found.append(minute(symbol, clock(hour), volume=shares, av=summed))
    found[-1]["av"] = summed if total is None else total
    return found


@asynccontextmanager
async def keeping(settings: Settings, source: Source) -> AsyncIterator[None]:
    curves = VolumeCurves(settings, source.counters, {0: PartitionBars(source.symbols)})
    task = asyncio.create_task(curves.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def counted(source: Source, count: int) -> dict[str, int]:
    async with asyncio.timeout(TIMEOUT_S):
        while source.counters.total("volume_curves") < count:  # noqa: ASYNC110  a counter makes no event
            await asyncio.sleep(0.02)
    return source.counters.by_reason("volume_curves")


async def kept(settings: Settings) -> PastCurves:
    return await read_curves(settings, [START_MS])


async def test_a_whole_day_is_kept_and_kept_anew_when_a_bar_comes_late(settings: Settings) -> None:
    source = Source()
    source.take(0, [*day("A", (5, 100), (9, 50), (16, 10)), *day("B", (15, 7))])
    async with keeping(settings, source):
        await counted(source, 2)
        curve = (await kept(settings))["A"][START_MS]
        assert [volume_at(curve, hours * HOUR_MS) for hours in (1, 2, 6, 13)] == [0, 100, 150, 160]
        assert volume_at((await kept(settings))["B"][START_MS], 16 * HOUR_MS) == 7
        source.take(1, day("B", (17, 3), total=10))
        assert await counted(source, 3) == {"written": 3, "incomplete_day": 0}
        assert points_of((await kept(settings))["B"][START_MS])[-1] == 10


async def test_a_day_of_which_bars_are_missing_is_not_kept(settings: Settings) -> None:
    source = Source()
    source.take(0, [*day("A", (12, 100), (16, 50), total=900), *day("B", (16, 1_000), total=1_005)])
    async with keeping(settings, source):
        assert await counted(source, 2) == {"written": 1, "incomplete_day": 1}
    assert list(await kept(settings)) == ["B"]


async def test_a_day_that_has_not_reached_its_close_is_not_kept(settings: Settings) -> None:
    source = Source()
    source.take(0, day("A", (5, 100), (15, 50)))
    async with keeping(settings, source):
        await asyncio.sleep(1)
        assert source.counters.total("volume_curves") == 0
        source.take(1, day("A", (16, 10), total=160))
        await counted(source, 1)


async def test_a_worker_keeps_the_days_of_all_its_symbols(kafka_bootstrap: str, tmp_path: Path) -> None:
    symbols = [f"S{number}" for number in range(20)]
    async with installation("bars", kafka_bootstrap, tmp_path) as bars:
        await bars.workers.start("1")
        await bars.send(bar for symbol in symbols for bar in day(symbol, (4, 5), (10, 7), (16, 2)))
        found: PastCurves = {}
        async with asyncio.timeout(TIMEOUT_S):
            while len(found) < len(symbols):
                await asyncio.sleep(0.1)
                found = await kept(bars.settings)
    assert {volume_at(days[START_MS], 7 * HOUR_MS) for days in found.values()} == {12}


def test_a_symbols_keys_come_round_after_more_than_ten_sessions() -> None:
    calendar = MarketCalendar()
    for start in (MONDAY, date(2026, 11, 20), date(2026, 12, 18)):
        days, session = [], start
        for _ in range(11):
            days.append(session)
            session = calendar.next_session(session)
        assert len({curve_key("A", each) for each in days}) == 11
