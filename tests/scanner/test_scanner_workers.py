"""Boards and quotes in Redis, made by real workers, equal a brute force over the same events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.topics import AGGREGATES
from tests.integration.widgets import expect_market, read_market
from tests.integration.workers import eventually, lag
from tests.scanner.brute_force import market
from tests.scanner.conftest import messy_market, next_day, reference_data

if TYPE_CHECKING:
    from tests.scanner.conftest import Scanning

pytestmark = pytest.mark.timeout(300)


async def test_one_worker_with_reference_data_never_then_later_and_the_next_day(scanning: Scanning) -> None:
    today, references = messy_market(1), reference_data(1)
    await scanning.workers.start()
    await scanning.send(today)
    expected = market(today)
    assert len(expected.top_volume) == len(expected.top_gainers) == 500
    assert expected.top_gappers == []
    await expect_market(scanning.redis, expected)

    await scanning.refer(references)
    expected = market(today, references)
    assert len(expected.top_gappers) > 300
    await expect_market(scanning.redis, expected)

    tomorrow = next_day(1)
    await scanning.send(tomorrow)
    expected = market([*today, *tomorrow], references)
    assert {row["symbol"] for row in expected.top_volume} == {each.event["sym"] for each in tomorrow}
    await expect_market(scanning.redis, expected)


async def test_two_workers_with_reference_data_first(scanning: Scanning) -> None:
    today, references = messy_market(2), reference_data(2)
    await scanning.refer(references)
    await scanning.workers.start("1")
    await scanning.workers.start("2")
    await scanning.send(today[:3_000])
    await expect_market(scanning.redis, market(today[:3_000], references))
    await scanning.send(today[3_000:])
    await expect_market(scanning.redis, market(today, references))


async def test_boards_survive_a_killed_worker_and_an_empty_redis(scanning: Scanning) -> None:
    today, references = messy_market(3), reference_data(3)
    killed = await scanning.workers.start("1")
    await scanning.workers.start("2")
    await scanning.refer(references)
    await scanning.send(today[:3_000])
    await killed.kill()
    await scanning.redis.flushdb()
    await scanning.send(today[3_000:])
    await expect_market(scanning.redis, market(today, references))

    async def committed() -> bool:
        return await lag(scanning.settings, scanning.group, AGGREGATES) == 0

    await eventually(committed)
    await scanning.redis.flushdb()
    # Nothing new comes: what is in Redis then comes out of the recovered state alone.
    await scanning.workers.start("3")
    await expect_market(scanning.redis, market(today, references))
    assert len((await read_market(scanning.redis)).quotes) > 600
