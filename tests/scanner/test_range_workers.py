"""Daily ranges and alerts, made by real workers, equal a brute force over the same events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from streams import feeds
from streams.topics import ALERTS, SCANNER_PARTIALS
from tests.integration.workers import eventually, partitions_of, read_all
from tests.scanner.brute_range import alerts, listed, ranges
from tests.scanner.conftest import messy_market, next_day, reference_data

if TYPE_CHECKING:
    from tests.scanner.brute_force import Arrival, Json
    from tests.scanner.conftest import Scanning

pytestmark = pytest.mark.timeout(300)
LISTS = {"high": feeds.HIGH_ALERT, "low": feeds.LOW_ALERT}


async def read_ranges(scanning: Scanning) -> dict[str, Json]:
    """Return the bounds in all daily ranges that Redis holds, after a look at the rows that carry them."""
    prefix, quotes = feeds.DAILY_RANGE.key(""), feeds.QUOTE.key("")
    keys = [key.decode() async for key in scanning.redis.scan_iter(match=f"{prefix}*", count=5_000)]
    found: dict[str, Json] = {}
    for key in keys:
        symbol = key.removeprefix(prefix)
        both = await scanning.redis.mget(key, quotes + symbol)
        row, quote = (json.loads(value or b"{}") for value in both)
        found[symbol] = {name: value for name, value in row.items() if name not in quote}
        assert found[symbol].keys() | quote.keys() == row.keys()
    return found


async def read_lists(scanning: Scanning) -> dict[str, list[Json]]:
    """Return the lists of alerts without their ids, which must differ."""
    found: dict[str, list[Json]] = {}
    for direction, feed in LISTS.items():
        made = [json.loads(value) for value in await scanning.redis.lrange(feed.key(), 0, -1)]
        assert len({alert.pop("id") for alert in made}) == len(made)
        found[direction] = made
    return found


async def expect(scanning: Scanning, arrivals: list[Arrival], references: list[Json]) -> None:
    """Wait until ranges and lists are those of a brute force."""
    expected_ranges, told = ranges(arrivals), alerts(arrivals, references)
    expected_lists = {direction: listed(told, direction) for direction in LISTS}
    assert all(expected_lists.values())

    async def agrees() -> bool:
        return await read_ranges(scanning) == expected_ranges and await read_lists(scanning) == expected_lists

    try:
        await eventually(agrees, 60)
    except AssertionError:
        assert await read_lists(scanning) == expected_lists
        assert await read_ranges(scanning) == expected_ranges
        raise


async def expect_topic(scanning: Scanning, arrivals: list[Arrival], references: list[Json]) -> int:
    """Look into md.alerts: each alert is there; return how many are there again."""
    records = await read_all(scanning.settings, partitions_of(scanning.settings, ALERTS))
    by_id: dict[str, Json] = {}
    for record in records:
        alert = json.loads(record.value)
        assert record.key.decode() == alert["symbol"]
        by_id.setdefault(alert.pop("id"), alert)
    found = sorted(by_id.values(), key=json.dumps)
    assert found == sorted(alerts(arrivals, references), key=json.dumps)
    return len(records) - len(by_id)


async def test_one_worker_and_the_next_day(scanning: Scanning) -> None:
    today, references = messy_market(11), reference_data(11)
    await scanning.refer(references)
    await scanning.workers.start()
    await scanning.settled()
    await scanning.send(today)
    await expect(scanning, today, references)
    assert await expect_topic(scanning, today, references) == 0

    tomorrow = next_day(11)
    await scanning.send(tomorrow)
    await expect(scanning, [*today, *tomorrow], references)


async def test_two_workers_of_which_the_merging_one_is_killed_and_an_empty_redis(scanning: Scanning) -> None:
    today, references = messy_market(12), reference_data(12)
    await scanning.refer(references)
    workers = [await scanning.workers.start(name) for name in ("1", "2")]
    await scanning.settled()
    await scanning.send(today[:3_000])
    partials = scanning.settings.topic(SCANNER_PARTIALS)
    (merging,) = [worker for worker in workers if await worker.partitions(partials)]
    await merging.kill()
    await scanning.send(today[3_000:])
    await expect(scanning, today, references)
    await expect_topic(scanning, today, references)

    await scanning.redis.flushdb()
    # Nothing new comes: all of it is written again.
    await expect(scanning, today, references)
