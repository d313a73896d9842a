"""Clients with options are told what they miss: slow ones, and all while Redis is away."""

from __future__ import annotations

import asyncio
import json

import msgspec
from redis.asyncio import Redis

from streams import deltas
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds.service import WidgetDataService
from tests.wds.conftest import Eventually
from tests.wds.enveloped.conftest import TIMEOUT_S, Widget, enter, put

BOARD = "scanners:top_volume"


def board(number: int) -> str:
    return json.dumps([{"symbol": "A", "rank": number, "text": f"{number:06}" * 50_000}])


async def test_a_slow_client_gets_a_snapshot_instead_of_deltas_and_a_notice(
    settings: Settings, wdc: Redis, eventually: Eventually
) -> None:
    patient = settings.model_copy(update={"wds_slow_after_s": 60})
    async with WidgetDataService(patient) as service, enter(service, is_compressed=False) as slow:
        await slow.subscribe(BOARD, delta=True)
        assert (await slow.frame())[2] is None
        slow.socket.transport.pause_reading()
        number = 0
        async with asyncio.timeout(TIMEOUT_S):
            while service.counters.get("conflated") < 5:
                number += 1
                payload = board(number)
                await put(wdc, BOARD, payload)
        await eventually(lambda: service.counters.get("received") >= number)
        slow.socket.transport.resume_reading()
        held: dict | None = None
        last, dropped = 0, 0
        while not dropped or held is None or msgspec.json.decode(held["A"]["rank"]) != number:
            message = await slow.read()
            if message["type"] == "lag":
                assert message["data"]["reason"] == "slow reader"
                dropped += message["data"]["dropped"]
                continue
            payload_ = json.dumps(message["data"]).encode()
            if message["type"] == "delta":
                assert message["seq"] == last + 1
                held = deltas.apply(held or {}, payload_)
            else:
                held = deltas.rows(payload_)
            last = message["seq"]
        assert last == number
        assert 0 < dropped < number


async def test_a_client_behind_with_a_list_is_told_how_many_entries_it_missed_and_gets_the_list(
    settings: Settings, wdc: Redis
) -> None:
    patient = settings.model_copy(update={"wds_slow_after_s": 60, "wds_outbox_entries": 20})
    key, count = "news:ticker:ABC", 60
    async with WidgetDataService(patient) as service, enter(service, is_compressed=False) as slow:
        await slow.subscribe(key, snapshot=True, limit=5)
        slow.socket.transport.pause_reading()
        for number in range(count):
            entry = json.dumps([number, "x" * 300_000])
            async with wdc.pipeline(transaction=True) as pipeline:
                pipeline.lpush(key, entry)
                pipeline.publish(key, entry)
                await pipeline.execute()
        slow.socket.transport.resume_reading()
        dropped, entries, last = 0, 0, 0
        while not dropped:
            message = await slow.read()
            if message["type"] == "lag":
                dropped = message["data"]["dropped"]
            elif message["type"] == "item":
                assert message["seq"] == last + 1
                last = message["seq"]
                entries += 1
        type_, seq, data = await slow.frame()
        assert (type_, seq, [number for number, _ in data]) == ("snapshot", count, [59, 58, 57, 56, 55])
        assert dropped + entries == count
        assert slow.socket.state.name == "OPEN"


async def test_clients_are_told_that_redis_is_away_and_get_fresh_snapshots_when_it_is_back(
    widget: Widget, own_redis: RedisServer, wdc: Redis
) -> None:
    await wdc.set("quote:A", "1")
    await widget.subscribe("quote:A", snapshot=False)
    await widget.subscribe("quote:*", snapshot=True)
    assert (await widget.read())["type"] == "snapshots"
    await widget.subscribe("news:ticker:A", snapshot=True)
    assert (await widget.read())["type"] == "snapshot"
    await own_redis.kill()
    told = [await widget.read() for _ in range(3)]
    assert {message["feed"] for message in told} == {"quote:A", "quote:*", "news:ticker:A"}
    assert {message["type"] for message in told} == {"stale"}
    await widget.subscribe("quote:B", snapshot=True)
    assert (await widget.read())["type"] == "stale"
    await own_redis.restart()
    await wdc.connection_pool.disconnect()
    async with wdc.pipeline(transaction=True) as pipeline:
        pipeline.mset({"quote:A": "2", "quote:B": "3"})
        pipeline.lpush("news:ticker:A", "4")
        await pipeline.execute()
    found: dict[str, object] = {}
    resynced: set[str] = set()
    while found != {"quote:A": 2, "quote:B": 3, "news:ticker:A": [4]} or len(resynced) < 4:
        message = await widget.read()
        if message["type"] == "resync":
            resynced.add(message["feed"])
        else:
            assert message["type"] == "snapshot"
            found[message["feed"]] = message["data"]
            if message["data"] is None:
                # Redis was back before its values were.
                await wdc.publish(message["feed"], {"quote:B": "3", "news:ticker:A": "4"}[message["feed"]])
