"""Subscriptions with options against the real service: the value first, then every update once."""

from __future__ import annotations

import asyncio
import json

import pytest
from redis.asyncio import Redis

from streams.wds.service import WidgetDataService
from tests.wds.enveloped.conftest import Widget, enter, put

TOTAL = 400
PUSH = "redis.call('LPUSH', KEYS[1], ARGV[1]) redis.call('PUBLISH', KEYS[1], ARGV[1])"


async def push(redis: Redis, key: str, value: object) -> None:
    await redis.eval(PUSH, 1, key, json.dumps(value))


async def test_the_value_comes_first_and_then_the_updates(widget: Widget, wdc: Redis) -> None:
    await put(wdc, "quote:ABC", json.dumps({"close": 1}))
    await widget.subscribe("quote:ABC", snapshot=True)
    assert await widget.read() == {"feed": "quote:ABC", "type": "snapshot", "seq": 0, "data": {"close": 1}}
    await put(wdc, "quote:ABC", json.dumps({"close": 2}))
    assert await widget.read() == {"feed": "quote:ABC", "type": "value", "seq": 1, "data": {"close": 2}}


async def test_a_feed_without_a_value_has_null_first(widget: Widget) -> None:
    await widget.subscribe("news:ticker:ABC", snapshot=True)
    assert await widget.frame() == ("snapshot", 0, None)


async def test_without_a_snapshot_updates_come_alone(widget: Widget, wdc: Redis) -> None:
    await put(wdc, "quote:ABC", json.dumps(1))
    await widget.subscribe("quote:ABC", snapshot=False)
    await put(wdc, "quote:ABC", json.dumps(2))
    assert await widget.frame() == ("value", 1, 2)


async def test_a_list_comes_newest_first_and_then_entry_by_entry(widget: Widget, wdc: Redis) -> None:
    for number in range(5):
        await push(wdc, "news:ticker:ABC", number)
    await widget.subscribe("news:ticker:ABC", snapshot=True, limit=3)
    assert await widget.frame() == ("snapshot", 0, [4, 3, 2])
    await push(wdc, "news:ticker:ABC", 5)
    assert await widget.frame() == ("item", 1, 5)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("options", [{}, {"interval_ms": 20}])
async def test_no_entry_is_lost_or_repeated_for_clients_that_join_while_entries_come(
    service: WidgetDataService, wdc: Redis, options: dict, at_once: bool
) -> None:
    key = "daily_range_hod_alert"

    async def write() -> None:
        for number in range(TOTAL):
            if at_once:
                await push(wdc, key, number)
            else:
                await wdc.lpush(key, number)
                await wdc.publish(key, str(number))

    async def read(pause_s: float) -> list[int]:
        await asyncio.sleep(pause_s)
        async with enter(service) as widget:
            await widget.subscribe(key, snapshot=True, **options)
            received: list[int] = []
            last: int | None = None
            while not received or received[-1] != TOTAL - 1:
                type_, seq, data = await widget.frame()
                assert last is None or seq == last + 1
                last = seq
                received += [data] if type_ == "item" else reversed(data or [])
            return received

    writing = asyncio.create_task(write())
    for received in await asyncio.gather(*(read(number * 0.03) for number in range(8))):
        assert received == list(range(TOTAL))
    await writing


@pytest.mark.parametrize("options", [{}, {"interval_ms": 20}, {"delta": True}])
async def test_every_client_that_joins_ends_with_the_newest_value_and_never_goes_back(
    service: WidgetDataService, wdc: Redis, options: dict
) -> None:
    key = "scanners:top_volume"

    async def write() -> None:
        for number in range(TOTAL):
            await put(wdc, key, json.dumps([{"symbol": "A", "rank": number}]))

    async def read(pause_s: float) -> list[int]:
        await asyncio.sleep(pause_s)
        async with enter(service) as widget:
            await widget.subscribe(key, snapshot=True, **options)
            received: list[int] = []
            while not received or received[-1] != TOTAL - 1:
                type_, _, data = await widget.frame()
                assert received or type_ == "snapshot"
                rows = data["changed"] if type_ == "delta" else data or []
                received += [row["rank"] for row in rows]
            return received

    await put(wdc, key, '[{"symbol":"A","rank":-1}]')  # However late the first write comes, all find a value.
    writing = asyncio.create_task(write())
    for received in await asyncio.gather(*(read(number * 0.03) for number in range(8))):
        assert received == sorted(set(received))
    await writing
