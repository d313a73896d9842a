"""Published values: who gets them, and what happens to clients and Redis that misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket as sockets
from collections.abc import Awaitable, Callable

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from streams.errors import StreamsError
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds.service import WidgetDataService, run

KEY = "a key of the test"
TIMEOUT_S = 30.0

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


async def receive(socket: ClientConnection) -> str | bytes:
    return await asyncio.wait_for(socket.recv(), TIMEOUT_S)


async def subscribe(socket: ClientConnection, *feeds: str) -> None:
    for feed in feeds:
        await socket.send(json.dumps({"action": "subscribe", "feed": feed}))
        assert json.loads(await receive(socket)) == {"status": "subscribed", "feed": feed}


async def enter(service: WidgetDataService) -> ClientConnection:
    # Uncompressed, so that what a test sends fills the socket's buffers.
    socket = await connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None, compression=None)
    await socket.send(json.dumps({"action": "auth", "api_key": KEY}))
    assert await receive(socket) == '{"status":"authorized"}'
    return socket


async def test_a_published_value_is_forwarded_as_it_is(client: ClientConnection, wdc: Redis) -> None:
    await subscribe(client, "scanners:top_volume")
    await wdc.publish("scanners:top_volume", '[ {"close":1.10, "name":"Ä"} ]')
    assert await receive(client) == '[ {"close":1.10, "name":"Ä"} ]'


async def test_both_databases_feed_one_client(client: ClientConnection, mdc: Redis, wdc: Redis) -> None:
    await subscribe(client, "stocks:trades:ABC", "quote:ABC")
    await mdc.publish("stocks:trades:ABC", "1")
    assert await receive(client) == "1"
    await wdc.publish("quote:ABC", "2")
    assert await receive(client) == "2"


@pytest.mark.parametrize(
    ("feed", "reached"),
    [
        ("*", {"quote:ABC", "quote:A[B", "tta:ABC:widget", "tta:all_symbols:widget", "scanners:top_volume"}),
        ("quote:*", {"quote:ABC", "quote:A[B"}),
        ("quote:A?C", {"quote:ABC"}),
        ("quote:[A-B][^C]C", {"quote:ABC"}),
        ("quote:A\\[*", {"quote:A[B"}),
        ("tta:*", {"tta:ABC:widget", "tta:all_symbols:widget"}),
        ("tta:A*", {"tta:ABC:widget"}),
        ("*top*", {"scanners:top_volume"}),
        ("quote:[B", {"nothing else"}),
    ],
)
async def test_a_wildcard_reaches_what_it_matches_in_the_catalogue_and_nothing_else(
    client: ClientConnection, wdc: Redis, feed: str, reached: set[str]
) -> None:
    await subscribe(client, feed, "quote:END")
    outside = ("secret", "quote:", "tta:x", "scanner:secret", "quotes:ABC", "__keyspace@1__:quote:ABC")
    inside = ("quote:ABC", "quote:A[B", "tta:ABC:widget", "tta:all_symbols:widget", "scanners:top_volume")
    for channel in (*outside, *inside, "quote:END"):
        await wdc.publish(channel, channel)
    received: list[str | bytes] = []
    while not received or received[-1] != "quote:END":
        received.append(await receive(client))
    assert set(received) - {"quote:END"} == reached - {"nothing else"}
    assert len(received) == len(set(received))


async def test_a_feed_wanted_by_name_and_by_wildcards_comes_once(
    service: WidgetDataService, client: ClientConnection, wdc: Redis
) -> None:
    other = await enter(service)
    await subscribe(client, "quote:ABC", "quote:*", "*", "scanners:*", "scanners:top_volume")
    await subscribe(other, "quote:ABC", "scanners:top_volume")
    for channel in ("quote:ABC", "scanners:top_volume", "quote:END"):
        await wdc.publish(channel, channel)
    assert [await receive(client) for _ in range(3)] == ["quote:ABC", "scanners:top_volume", "quote:END"]
    assert [await receive(other) for _ in range(2)] == ["quote:ABC", "scanners:top_volume"]
    await other.close()


async def test_after_a_wildcard_is_unsubscribed_the_name_still_comes_once(
    client: ClientConnection, wdc: Redis
) -> None:
    await subscribe(client, "quote:ABC", "quote:*")
    await client.send('{"action":"unsubscribe","feed":"quote:*"}')
    await receive(client)
    for number in range(50):
        await wdc.publish("quote:XYZ", "other")
        await wdc.publish("quote:ABC", str(number))
        assert await receive(client) == str(number)


async def test_an_unsubscribed_feed_comes_no_more(client: ClientConnection, wdc: Redis) -> None:
    await subscribe(client, "quote:ABC", "quote:END")
    await client.send('{"action":"unsubscribe","feed":"quote:ABC"}')
    await receive(client)
    await wdc.publish("quote:ABC", "unwanted")
    await wdc.publish("quote:END", "end")
    assert await receive(client) == "end"


async def test_redis_is_asked_for_nothing_once_the_last_client_has_gone(
    service: WidgetDataService, client: ClientConnection, wdc: Redis
) -> None:
    await subscribe(client, "quote:*", "scanners:top_volume")
    assert await wdc.pubsub_numpat() == 1
    await client.close()
    async with asyncio.timeout(TIMEOUT_S):
        while await wdc.pubsub_channels() or await wdc.pubsub_numpat():  # noqa: ASYNC110  Redis sets no event
            await asyncio.sleep(0.02)


async def test_a_payload_that_is_not_utf8_costs_itself_alone(client: ClientConnection, wdc: Redis) -> None:
    await subscribe(client, "quote:ABC")
    await wdc.publish("quote:ABC", b"\xff")
    await wdc.publish("quote:ABC", "good")
    assert await receive(client) == "good"


async def test_a_client_that_does_not_read_is_cut_off_and_costs_nobody_else(
    service: WidgetDataService, client: ClientConnection, wdc: Redis
) -> None:
    slow = await enter(service)
    await subscribe(slow, "news:ticker:ABC")
    await subscribe(client, "news:ticker:ABC")
    slow.transport.pause_reading()
    received = 0
    async with asyncio.timeout(TIMEOUT_S):
        while not service.counters.by_reason("cut_off"):
            await wdc.publish("news:ticker:ABC", "x" * 100_000)
            assert len(await receive(client)) == 100_000
            received += 1
    slow.transport.resume_reading()
    with pytest.raises(ConnectionClosed):
        while True:
            await receive(slow)
    await wdc.publish("news:ticker:ABC", "last")
    assert await receive(client) == "last"


async def test_a_slow_client_gets_the_newest_value_of_a_latest_value_feed(
    settings: Settings, wdc: Redis, eventually: Eventually
) -> None:
    patient = settings.model_copy(update={"wds_slow_after_s": 60})
    async with WidgetDataService(patient) as service:
        slow = await enter(service)
        await subscribe(slow, "scanners:top_volume")
        slow.transport.pause_reading()
        number = 0
        async with asyncio.timeout(TIMEOUT_S):
            while service.counters.get("conflated") < 5:
                number += 1
                await wdc.publish("scanners:top_volume", str(number) + " " * 500_000)
        await eventually(lambda: service.counters.get("received") == number)
        slow.transport.resume_reading()
        received: list[int] = []
        while not received or received[-1] != number:
            received.append(int(await receive(slow)))
        assert received == sorted(received)
        assert len(received) < number
        await slow.close()


async def test_clients_stay_and_get_updates_again_after_redis_was_restarted(
    client: ClientConnection, own_redis: RedisServer, wdc: Redis
) -> None:
    await subscribe(client, "scanners:*")
    await own_redis.kill()
    await client.send('{"action":"get","cache":"quote:ABC"}')
    assert json.loads(await receive(client))["error"] == "unavailable"
    await own_redis.restart()
    async with asyncio.timeout(TIMEOUT_S):
        while not await wdc.publish("scanners:top_volume", "again"):  # noqa: ASYNC110  Redis sets no event
            await asyncio.sleep(0.02)
    assert await receive(client) == "again"


@pytest.mark.parametrize("name", ["quote:ABC", "quote:*", "quote:A?C"])
async def test_what_was_missed_while_the_connection_was_lost_is_sent_afterwards(
    client: ClientConnection, wdc: Redis, name: str
) -> None:
    await subscribe(client, name)
    await wdc.set("quote:ABC", "missed")
    assert await wdc.client_kill_filter(_type="pubsub") == 1
    assert await receive(client) == "missed"


async def test_a_feed_subscribed_while_redis_is_away_comes_when_it_is_back(
    service: WidgetDataService, client: ClientConnection, own_redis: RedisServer, wdc: Redis
) -> None:
    await own_redis.kill()
    await subscribe(client, "quote:ABC")
    await own_redis.restart()
    async with asyncio.timeout(TIMEOUT_S):
        while not await wdc.publish("quote:ABC", "back"):  # noqa: ASYNC110  Redis sets no event
            await asyncio.sleep(0.02)
    assert await receive(client) == "back"


async def test_a_redis_that_hangs_is_noticed_and_costs_no_client(
    own_redis: RedisServer, settings: Settings, wdc: Redis, eventually: Eventually
) -> None:
    assert own_redis.pid is not None
    async with WidgetDataService(settings.model_copy(update={"redis_timeout_s": 0.2})) as service:
        client = await enter(service)
        await subscribe(client, "quote:ABC")
        os.kill(own_redis.pid, signal.SIGSTOP)
        await eventually(lambda: service.counters.get("redis_failures") > 0)
        os.kill(own_redis.pid, signal.SIGCONT)
        async with asyncio.timeout(TIMEOUT_S):
            while not await wdc.publish("quote:ABC", "back"):  # noqa: ASYNC110  Redis sets no event
                await asyncio.sleep(0.02)
        assert await receive(client) == "back"
        await client.close()


async def test_health_tells_the_truth(
    service: WidgetDataService, client: ClientConnection, own_redis: RedisServer, wdc: Redis
) -> None:
    await subscribe(client, "quote:ABC")
    await wdc.publish("quote:ABC", "{}")
    await receive(client)
    url = f"http://127.0.0.1:{service.port}"
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(url)).json()["websocket"] == "/ws"
        healthy = await http.get(f"{url}/health")
        await own_redis.kill()
        async with asyncio.timeout(TIMEOUT_S):
            while (await http.get(f"{url}/health")).status_code != 503:  # noqa: ASYNC110  Redis sets no event
                await asyncio.sleep(0.02)
        away = (await http.get(f"{url}/health")).json()
    state = healthy.json()
    assert healthy.status_code == 200
    assert state["redis"] == {"mdc": True, "wdc": True}
    assert (state["clients"], state["subscriptions"]) == (1, 1)
    assert 0 <= state["last_message_age_s"] < TIMEOUT_S
    assert state["counters"]["delivered"] == 1
    assert away["status"] == "degraded"
    assert away["redis"] == {"mdc": False, "wdc": False}


async def test_a_client_too_many_is_told_to_come_back_later(settings: Settings) -> None:
    bounded = settings.model_copy(update={"wds_max_clients": 1})
    async with WidgetDataService(bounded) as service:
        first = await enter(service)
        async with connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as second:
            with pytest.raises(ConnectionClosed):
                await receive(second)
            assert (second.close_code, second.close_reason) == (1013, "too many clients")
        await first.close()


async def test_stopping_tells_the_clients(settings: Settings) -> None:
    stop, ports = asyncio.Event(), asyncio.Queue[int]()
    serving = asyncio.create_task(run(settings, stop, ports.put_nowait))
    async with connect(f"ws://127.0.0.1:{await ports.get()}/ws", proxy=None) as socket:
        stop.set()
        with pytest.raises(ConnectionClosed):
            await receive(socket)
        assert (socket.close_code, socket.close_reason) == (1012, "service restart")
    await asyncio.wait_for(serving, TIMEOUT_S)


async def test_a_taken_port_is_one_clear_error(settings: Settings) -> None:
    with sockets.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StreamsError, match=f"127.0.0.1:{port}.*in use"):
            await run(settings.model_copy(update={"wds_port": port}), asyncio.Event())
