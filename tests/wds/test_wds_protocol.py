"""The protocol on /ws: requests, replies and who may ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from streams.errors import SettingsError
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds.service import WidgetDataService

KEY = "a key of the test"
TIMEOUT_S = 30.0


# One Redis and one service for all of these: no test here takes them away.


@pytest.fixture(scope="module")
async def own_redis() -> AsyncIterator[RedisServer]:
    async with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def settings(own_redis: RedisServer) -> Settings:
    return Settings(
        mdc_redis_url=own_redis.url(0),
        wdc_redis_url=own_redis.url(1),
        wds_host="127.0.0.1",
        wds_port=0,
        auth_api_key=SecretStr(KEY),
    )


@pytest.fixture(scope="module")
async def service(settings: Settings) -> AsyncIterator[WidgetDataService]:
    async with WidgetDataService(settings) as service:
        yield service


@pytest.fixture(autouse=True)
async def nothing_from_another_test(wdc: Redis) -> None:
    await wdc.flushall()


async def ask(socket: ClientConnection, request: object) -> Any:  # noqa: ANN401  any JSON value
    message = request if isinstance(request, str | bytes) else json.dumps(request)
    await socket.send(message)
    return json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT_S))


async def end(socket: ClientConnection) -> tuple[int | None, str | None]:
    """Return the close code and the reason; nothing else may come."""
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(socket.recv(), TIMEOUT_S)
    return socket.close_code, socket.close_reason


async def test_the_right_key_authorizes(stranger: ClientConnection) -> None:
    assert await ask(stranger, {"action": "auth", "api_key": KEY}) == {"status": "authorized"}


async def test_a_wrong_key_is_told_and_sent_away(stranger: ClientConnection) -> None:
    assert await ask(stranger, {"action": "auth", "api_key": "wrong"}) == {"status": "invalid key"}
    assert await end(stranger) == (1008, "invalid key")


@pytest.mark.parametrize(
    "first",
    [
        {"action": "subscribe", "feed": "scanners:top_volume"},
        {"action": "get", "cache": "scanners:top_volume"},
        {"action": "auth", "api_key": 5},
        "no JSON {",
        b"\xff\xfe",
        "[1]",
    ],
)
async def test_anything_else_first_is_unauthorized(stranger: ClientConnection, first: object) -> None:
    assert await ask(stranger, first) == {"status": "unauthorized"}
    assert await end(stranger) == (1008, "unauthorized")


async def test_a_client_that_says_nothing_is_sent_away(settings: Settings) -> None:
    impatient = settings.model_copy(update={"wds_auth_timeout_s": 0.1})
    async with (
        WidgetDataService(impatient) as service,
        connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as silent,
    ):
        assert json.loads(await asyncio.wait_for(silent.recv(), TIMEOUT_S)) == {"status": "unauthorized"}
        assert await end(silent) == (1008, "no key in time")


async def test_without_auth_no_key_is_needed_and_any_is_welcome(settings: Settings) -> None:
    is_open = settings.model_copy(update={"auth_enabled": False, "auth_api_key": None})
    async with (
        WidgetDataService(is_open) as service,
        connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as socket,
    ):
        assert await ask(socket, {"action": "get", "cache": "quote:ABC"}) == {
            "cache": "quote:ABC",
            "data": None,
        }
        assert await ask(socket, {"action": "auth", "api_key": "any"}) == {"status": "authorized"}


def test_a_service_that_needs_keys_but_has_none_does_not_start() -> None:
    with pytest.raises(SettingsError, match="AUTH_API_KEY"):
        WidgetDataService(Settings(auth_api_key=None))


async def test_subscribe_and_unsubscribe_are_confirmed(client: ClientConnection) -> None:
    for action in ("subscribe", "unsubscribe"):
        reply = await ask(client, {"action": action, "feed": "scanners:top_volume"})
        assert reply == {"status": f"{action}d", "feed": "scanners:top_volume"}


@pytest.mark.parametrize(
    "request_",
    [
        {"action": "dance"},
        {"action": "subscribe"},
        {"action": "subscribe", "feed": ["quote:A"]},
        {"action": "get", "cache": "quote:A", "limit": "five"},
        {"feed": "quote:A"},
        "no JSON {",
        "",
        "[]",
        "null",
        "[" * 60_000,
        '{"action":"get","x":' + "[" * 60_000,
        '{"action":"subscribe","feed":"quote:\\ud800"}',
        b"\xff\xfe",
    ],
)
async def test_an_invalid_action_is_told_and_costs_nothing_else(
    client: ClientConnection, request_: object
) -> None:
    assert await ask(client, request_) == {"status": "invalid action"}
    assert await ask(client, {"action": "get", "cache": "quote:A"}) == {"cache": "quote:A", "data": None}


async def test_a_binary_message_is_read_as_text(client: ClientConnection) -> None:
    assert await ask(client, b'{"action":"get","cache":"quote:A"}') == {"cache": "quote:A", "data": None}


async def test_get_gives_the_value_as_it_is(client: ClientConnection, wdc: Redis) -> None:
    await wdc.set("quote:BRK.A", '{"close":1.10,"name":"Ä"}')
    await client.send('{"action":"get","cache":"quote:BRK.A"}')
    assert await client.recv() == '{"cache":"quote:BRK.A","data":{"close":1.10,"name":"Ä"}}'


async def test_get_reads_market_data_from_its_own_database(client: ClientConnection, mdc: Redis) -> None:
    await mdc.set("stocks:trades:ABC", '{"p":1}')
    reply = await ask(client, {"action": "get", "cache": "stocks:trades:ABC"})
    assert reply == {"cache": "stocks:trades:ABC", "data": {"p": 1}}


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, [3, 2, 1]), (0, [3, 2, 1]), (2, [3, 2]), (-1, [3, 2, 1])]
)
async def test_get_gives_a_list_newest_first(
    client: ClientConnection, wdc: Redis, limit: int | None, expected: list[int]
) -> None:
    await wdc.lpush("news:feed:latest", "1", "2", "3")
    reply = await ask(client, {"action": "get", "cache": "news:feed:latest", "limit": limit})
    assert reply["data"] == expected


@pytest.mark.parametrize("cache", ["quote:*", "quote:?", "*", "secret", "quote:", "scanners:top_volume:x"])
async def test_get_takes_no_wildcard_and_no_key_outside_the_catalogue(
    client: ClientConnection, wdc: Redis, cache: str
) -> None:
    await wdc.mset({"quote:A": "1", "secret": "2", "quote:": "3", "scanners:top_volume:x": "4"})
    assert await ask(client, {"action": "get", "cache": cache}) == {"cache": cache, "data": None}


@pytest.mark.parametrize("value", [b"not json", b'{"a":"\xff"}', b"{} {}"])
async def test_a_value_that_is_no_json_is_null(client: ClientConnection, wdc: Redis, value: bytes) -> None:
    await wdc.set("quote:BAD", value)
    assert await ask(client, {"action": "get", "cache": "quote:BAD"}) == {"cache": "quote:BAD", "data": None}


async def test_a_key_of_another_type_is_answered(client: ClientConnection, wdc: Redis) -> None:
    await wdc.lpush("quote:LIST", "1")
    reply = await ask(client, {"action": "get", "cache": "quote:LIST"})
    assert reply == {"cache": "quote:LIST", "data": None, "error": "unavailable"}


async def test_replies_come_in_the_order_of_requests_sent_without_waiting(
    stranger: ClientConnection, wdc: Redis
) -> None:
    await wdc.set("scanners:top_volume", "[1]")
    await stranger.send(json.dumps({"action": "auth", "api_key": KEY}))
    for number in range(500):
        await stranger.send(json.dumps({"action": "get", "cache": f"quote:{number}"}))
    await stranger.send(json.dumps({"action": "subscribe", "feed": "scanners:top_volume"}))
    await stranger.send(json.dumps({"action": "get", "cache": "scanners:top_volume"}))
    replies = [json.loads(await asyncio.wait_for(stranger.recv(), TIMEOUT_S)) for _ in range(503)]
    assert replies[0] == {"status": "authorized"}
    assert [reply["cache"] for reply in replies[1:501]] == [f"quote:{number}" for number in range(500)]
    assert replies[501:] == [
        {"status": "subscribed", "feed": "scanners:top_volume"},
        {"cache": "scanners:top_volume", "data": [1]},
    ]


@pytest.mark.parametrize("feed", ["secret", "secret:*", "quote", "Quote:*", "x" * 300, ""])
async def test_a_feed_outside_the_catalogue_is_refused(client: ClientConnection, feed: str) -> None:
    reply = await ask(client, {"action": "subscribe", "feed": feed})
    assert reply == {"status": "invalid feed", "feed": feed[:256]}


async def test_subscriptions_of_a_client_are_bounded(settings: Settings) -> None:
    bounded = settings.model_copy(update={"auth_enabled": False, "wds_max_subscriptions": 1})
    async with (
        WidgetDataService(bounded) as service,
        connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as socket,
    ):
        replies = [await ask(socket, {"action": "subscribe", "feed": f"quote:{name}"}) for name in "AAB"]
    assert [reply["status"] for reply in replies] == ["subscribed", "subscribed", "too many subscriptions"]
