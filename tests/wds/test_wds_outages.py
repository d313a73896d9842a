"""Redis replaced, emptied or silent: health tells it, and clients get what is true afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date, time

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from streams.local.redis import RedisServer
from streams.sessions import at
from streams.settings import Settings
from streams.wds import vitals
from streams.wds.service import WidgetDataService

TIMEOUT_S = 30.0
DAY_S = 86_400


async def receive(socket: ClientConnection) -> str | bytes:
    return await asyncio.wait_for(socket.recv(), TIMEOUT_S)


async def subscribe(socket: ClientConnection, feed: str) -> None:
    await socket.send(json.dumps({"action": "subscribe", "feed": feed}))
    assert json.loads(await receive(socket))["status"] == "subscribed"


async def health(service: WidgetDataService) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(f"http://127.0.0.1:{service.port}/health")


async def until(service: WidgetDataService, status: int) -> list[str]:
    """Wait until health has a status; return the problems that it tells."""
    async with asyncio.timeout(TIMEOUT_S):
        while (reply := await health(service)).status_code != status:  # noqa: ASYNC110  Redis sets no event
            await asyncio.sleep(0.02)
    problems: list[str] = reply.json()["problems"]
    return problems


class Switch:
    """An address behind which stands one server, and for later connections perhaps another."""

    def __init__(self, port: int, delay_s: float = 0) -> None:
        self._delay_s = delay_s
        self.target = port
        self.port = 0

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self.target)
        with suppress(ConnectionError):
            await asyncio.gather(self._pump(reader, forth), self._pump(back, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await asyncio.sleep(self._delay_s)
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest.fixture
async def successor() -> AsyncIterator[RedisServer]:
    async with RedisServer() as server:
        yield server


def port_of(server: RedisServer) -> int:
    return int(server.url().split(":")[2].split("/")[0])


async def test_a_failover_that_leaves_the_subscriptions_with_the_old_server_is_found(
    settings: Settings, own_redis: RedisServer, successor: RedisServer, wdc: Redis
) -> None:
    switch = Switch(port_of(own_redis))
    server = await switch.serve()
    url = f"redis://127.0.0.1:{switch.port}/1"
    through = settings.model_copy(update={"redis_timeout_s": 1.0, "auth_enabled": False})
    through = Settings.model_validate({**through.model_dump(), "wdc_redis_url": url})
    async with WidgetDataService(through) as service, Redis.from_url(successor.url(1)) as new:
        client = await connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None)
        await subscribe(client, "scanners:top_volume")
        await wdc.set("scanners:top_volume", '"old"')
        await wdc.publish("scanners:top_volume", '"old"')
        assert await receive(client) == '"old"'
        await new.set("scanners:top_volume", '"new"')
        switch.target = port_of(successor)
        await wdc.client_kill_filter(_type="normal", skipme=True)
        assert await receive(client) == '"new"'
        await until(service, 200)
        await new.publish("scanners:top_volume", '"next"')
        assert await receive(client) == '"next"'
        assert service.counters.get("redis_failures") >= 1
        await client.close()
    server.close()


async def test_a_slow_redis_is_waited_for(settings: Settings, own_redis: RedisServer, wdc: Redis) -> None:
    switch = Switch(port_of(own_redis), delay_s=0.1)
    server = await switch.serve()
    url = f"redis://127.0.0.1:{switch.port}/1"
    slow = Settings.model_validate({**settings.model_dump(), "wdc_redis_url": url, "redis_timeout_s": 5})
    async with WidgetDataService(slow) as service:
        await until(service, 200)
        client = await connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None)
        await client.send(json.dumps({"action": "auth", "api_key": "a key of the test"}))
        await receive(client)
        await subscribe(client, "quote:A")
        await wdc.publish("quote:A", "1")
        assert await receive(client) == "1"
        await client.send('{"action":"get","cache":"quote:A"}')
        assert json.loads(await receive(client)) == {"cache": "quote:A", "data": None}
        assert service.counters.get("redis_failures") == 0
        await client.close()
    server.close()


async def test_health_objects_to_a_board_that_is_late_and_readiness_does_not(
    settings: Settings, wdc: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "CHECK_S", 0.05)
    noon_ms = at(date(2026, 3, 2), time(12))
    await wdc.set("scanners:top_volume", "[]", ex=4 * DAY_S - 100)
    async with WidgetDataService(settings) as service:
        await until(service, 200)
        punctuality = service._vitals._punctuality
        punctuality._clock_ms = lambda: noon_ms
        punctuality._started_s -= 1_000
        problems = await until(service, 503)
        async with httpx.AsyncClient(trust_env=False) as http:
            ready = await http.get(f"http://127.0.0.1:{service.port}/readyz")
        await wdc.set("scanners:top_volume", "[]", ex=4 * DAY_S)
        await until(service, 200)
    (problem,) = problems
    assert problem.startswith("scanners:top_volume was written 10")
    assert ready.status_code == 200


async def test_an_emptied_redis_costs_no_client(
    client: ClientConnection, service: WidgetDataService, wdc: Redis
) -> None:
    await subscribe(client, "quote:ABC")
    await wdc.set("quote:ABC", "1")
    await wdc.flushall()
    await client.send('{"action":"get","cache":"quote:ABC"}')
    assert json.loads(await receive(client))["data"] is None
    await wdc.publish("quote:ABC", "2")
    assert await receive(client) == "2"
    assert (await health(service)).status_code == 200


async def push(redis: Redis, entry: str) -> None:
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.lpush("news:ticker:A", entry)
        pipeline.publish("news:ticker:A", entry)
        await pipeline.execute()


@pytest.mark.parametrize("heard", [0, 2])
async def test_entries_of_lists_that_were_missed_come_once_and_in_order(
    client: ClientConnection, service: WidgetDataService, own_redis: RedisServer, wdc: Redis, heard: int
) -> None:
    await push(wdc, "old")
    await subscribe(client, "news:ticker:A")
    for number in range(heard):
        await push(wdc, str(number))
    got = [await receive(client) for _ in range(heard)]
    # Each cut takes the service by surprise anew.
    for number in range(heard, 40):
        if number % 5 == 0:
            await wdc.client_kill_filter(_type="pubsub")
        await push(wdc, str(number))
    while len(got) < 40:
        got.append(await receive(client))
    assert got == [str(number) for number in range(40)]
