"""The client for programs, against the real service: it starts, goes away, and comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from streams.client import MarketClient, Refused, State, Subscription, Update
from streams.errors import BadInputError, StreamsError, UnavailableError
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds.service import WidgetDataService
from streams.wds.tokens import Tokens
from tests.wds.conftest import Eventually
from tests.wds.enveloped.conftest import put

KEY = "a key of the test"
BOARD = "scanners:top_volume"
TIMEOUT_S = 30.0


def url(service: WidgetDataService) -> str:
    return f"ws://127.0.0.1:{service.port}/ws"


def client_of(service: WidgetDataService, on_state: Callable[[State], None] | None = None) -> MarketClient:
    return MarketClient(url(service), api_key=KEY, on_state=on_state)


async def next_of(updates: Subscription[Any]) -> Update[Any]:
    return await asyncio.wait_for(anext(updates), TIMEOUT_S)


def board(*symbols: str, close: float = 1.0) -> str:
    rows = [{"rank": n, "symbol": symbol, "close": close} for n, symbol in enumerate(symbols, 1)]
    return json.dumps(rows, separators=(",", ":"))


class Row(msgspec.Struct):
    rank: int
    symbol: str
    close: float


async def test_a_board_by_changes_is_always_the_whole_board_in_the_callers_types(
    service: WidgetDataService, wdc: Redis
) -> None:
    await put(wdc, BOARD, board("A", "B"))
    async with client_of(service) as client:
        updates = client.subscribe(BOARD, list[Row], delta=True)
        first = await next_of(updates)
        assert (first.feed, first.kind) == (BOARD, "snapshot")
        assert first.data == [Row(1, "A", 1.0), Row(2, "B", 1.0)]
        for state in (board("B", "A", "C", close=2.5), board("C"), board(), board("D")):
            await put(wdc, BOARD, state)
            update = await next_of(updates)
            assert update.data == msgspec.json.decode(state, type=list[Row])
        assert (updates.gaps, updates.resyncs) == (0, 0)


async def test_a_list_comes_whole_and_then_by_entries(service: WidgetDataService, wdc: Redis) -> None:
    await wdc.lpush("news:ticker:A", "1", "2", "3")
    async with (
        client_of(service) as client,
        client.subscribe("news:ticker:A", list[int], limit=2) as updates,
    ):
        assert await next_of(updates) == Update("news:ticker:A", "snapshot", [3, 2])
        await wdc.publish("news:ticker:A", "4")
        assert await next_of(updates) == Update("news:ticker:A", "items", [4])


async def test_a_wildcard_and_a_name_of_it_are_two_subscriptions(
    service: WidgetDataService, wdc: Redis
) -> None:
    await wdc.mset({"quote:A": '{"a":1,"b":1}', "quote:B": '{"a":2,"b":2}'})
    async with client_of(service) as client:
        own, rest = client.subscribe("quote:A", fields=["a"]), client.subscribe("quote:*", fields=["b"])
        assert (await next_of(own)).data == {"a": 1}
        assert (await next_of(rest)).data == {"b": 2}
        with pytest.raises(ValueError, match="subscribed already: quote:A"):
            client.subscribe("quote:A")
        await own.close()
        await put(wdc, "quote:A", '{"a":3,"b":3}')
        assert (await next_of(rest)).data == {"b": 3}
        assert [update async for update in own] == []


async def test_it_gets_values(service: WidgetDataService, wdc: Redis) -> None:
    await wdc.set(BOARD, board("A"))
    async with client_of(service) as client:
        assert await client.get(BOARD, list[Row]) == [Row(1, "A", 1.0)]
        assert await client.get("quote:NONE") is None


@pytest.mark.parametrize(
    ("feed", "options", "reason"),
    [
        ("nowhere", {}, "invalid feed: nowhere"),
        ("quote:A", {"limit": -1}, "invalid options: .*limit must be"),
    ],
)
async def test_what_the_service_does_not_have_is_one_clear_error(
    service: WidgetDataService, feed: str, options: dict, reason: str
) -> None:
    async with client_of(service) as client:
        with pytest.raises(BadInputError, match=reason):
            await next_of(client.subscribe(feed, **options))
        with pytest.raises(BadInputError, match=reason):
            await client.subscribe(feed, **options).confirmed()


async def test_a_wrong_key_is_refused_and_never_told(service: WidgetDataService) -> None:
    with pytest.raises(Refused, match="invalid key") as caught:
        await MarketClient(url(service), api_key="secret").open()
    assert "secret" not in str(caught.value)
    async with MarketClient(url(service)) as client:
        with pytest.raises(Refused, match="a key is needed"):
            await next_of(client.subscribe(BOARD))
        assert client.state is State.CLOSED


async def test_a_token_is_asked_for_at_each_connection(settings: Settings, eventually: Eventually) -> None:
    secret = SecretStr("a secret of thirty-two bytes or more")
    signer, asked = Tokens(secret, None, 60), 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise OSError("whoever makes the tokens is away")
        return signer.sign("me", ("quote:*",), 60)

    given = settings.model_copy(update={"wds_jwt_secret": secret})
    async with WidgetDataService(given) as service:
        client = MarketClient(url(service), token=token)
        await client.open()
        with pytest.raises(Refused, match="not allowed: halts:latest"):
            await next_of(client.subscribe("halts:latest"))
    async with WidgetDataService(given.model_copy(update={"wds_port": service.port})):
        await eventually(lambda: client.state is State.CONNECTED and client.reconnects == 1)
        await client.close()
    assert asked >= 3


async def test_a_service_that_is_not_there_is_one_clear_error() -> None:
    with pytest.raises(UnavailableError, match="127.0.0.1:9/ws does not answer"):
        await MarketClient("ws://127.0.0.1:9/ws").open()
    with pytest.raises(BadInputError, match="no WebSocket address"):
        await MarketClient("localhost").open()


async def test_a_client_that_was_closed_says_so(service: WidgetDataService) -> None:
    async with client_of(service) as client:
        before = client.subscribe(BOARD, snapshot=False)
        await before.confirmed()
    assert [update async for update in before] == []
    for use in (client.get(BOARD), anext(client.subscribe(BOARD))):
        with pytest.raises(UnavailableError, match="has been closed"):
            await asyncio.wait_for(use, TIMEOUT_S)


async def test_what_fails_in_the_program_ends_its_subscriptions(service: WidgetDataService) -> None:
    def on_state(state: State) -> None:
        if state is State.DISCONNECTED:
            raise KeyError("a fault of the program")

    client = client_of(service, on_state)
    await client.open()
    updates = client.subscribe(BOARD, snapshot=False)
    await updates.confirmed()
    await service.close()
    with pytest.raises(StreamsError, match="a fault of the program"):
        await next_of(updates)
    await client.close()


async def test_a_subscription_that_is_given_up_can_be_made_again(
    service: WidgetDataService, wdc: Redis
) -> None:
    async with client_of(service) as client:
        await put(wdc, "quote:A", "1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), client.subscribe("quote:A"):
                pass
        async with client.subscribe("quote:A") as updates:
            assert (await next_of(updates)).data == 1


async def test_it_comes_back_with_fresh_snapshots_after_the_service_was_restarted(
    settings: Settings, wdc: Redis, eventually: Eventually
) -> None:
    states: list[State] = []
    await put(wdc, BOARD, board("A"))
    async with WidgetDataService(settings) as service:
        client = client_of(service, on_state=states.append)
        await client.open()
        updates = client.subscribe(BOARD, delta=True)
        assert (await next_of(updates)).data == json.loads(board("A"))
        waiting = asyncio.create_task(next_of(updates))
    await eventually(lambda: client.state is State.DISCONNECTED)
    assert updates.is_stale
    await put(wdc, BOARD, board("B"))
    async with WidgetDataService(settings.model_copy(update={"wds_port": service.port})):
        update = await waiting
        assert (update.kind, update.data) == ("snapshot", json.loads(board("B")))
        await put(wdc, BOARD, board("B", "C"))
        assert (await next_of(updates)).data == json.loads(board("B", "C"))
        await client.close()
    assert states == [State.CONNECTED, State.DISCONNECTED, State.CONNECTED, State.CLOSED]
    assert client.reconnects == 1


async def test_a_connection_on_which_nothing_comes_any_more_is_made_anew(
    service: WidgetDataService, wdc: Redis
) -> None:
    passes = [asyncio.Event()]
    passes[0].set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_: asyncio.Event) -> None:
        while data := await reader.read(65_536):
            await open_.wait()
            writer.write(data)
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ = passes[-1]
        upstream = await asyncio.open_connection("127.0.0.1", service.port)
        await asyncio.gather(pump(reader, upstream[1], open_), pump(upstream[0], writer, open_))

    async with await asyncio.start_server(forward, "127.0.0.1", 0) as line:
        port = line.sockets[0].getsockname()[1]
        address = f"ws://127.0.0.1:{port}/ws"
        async with (
            MarketClient(address, api_key=KEY, timeout_s=1) as client,
            client.subscribe("quote:A") as updates,
        ):
            assert (await next_of(updates)).data is None
            passes.append(asyncio.Event())
            passes[0].clear()
            passes[1].set()
            await put(wdc, "quote:A", "1")
            assert (await next_of(updates)).data == 1
            assert client.reconnects == 1
        passes[0].set()


async def test_it_knows_that_redis_is_away_and_when_it_is_back(
    service: WidgetDataService, own_redis: RedisServer, wdc: Redis, eventually: Eventually
) -> None:
    async with client_of(service) as client:
        updates = client.subscribe("quote:A", notices=True)
        assert (await next_of(updates)).data is None
        await own_redis.kill()
        notice = await next_of(updates)
        assert (notice.kind, notice.reason) == ("stale", "redis away")
        assert client.state == "stale"
        await own_redis.restart()
        assert (await next_of(updates)).kind == "resync"
        await wdc.connection_pool.disconnect()
        await put(wdc, "quote:A", "2")
        assert (await next_of(updates)).data == 2
        assert client.state == "connected"
        assert not updates.is_stale


async def test_a_program_that_is_slow_gets_the_newest_value(
    service: WidgetDataService, wdc: Redis, eventually: Eventually
) -> None:
    async with client_of(service) as client, client.subscribe("quote:A", snapshot=False) as updates:
        for number in range(50):
            await put(wdc, "quote:A", str(number))
        await eventually(lambda: service.counters.get("delivered") >= 50)
        assert (await client.get("quote:A")) == 49
        received = [await next_of(updates)]
        while received[-1].data != 49:
            received.append(await next_of(updates))
        assert sum(update.missed + 1 for update in received) == 50


async def test_a_program_too_slow_for_a_list_gets_it_anew(
    service: WidgetDataService, wdc: Redis, eventually: Eventually
) -> None:
    async with (
        client_of(service) as client,
        client.subscribe("news:ticker:A", list[int], limit=3, max_waiting=10) as updates,
    ):
        assert (await next_of(updates)).data is None
        for number in range(100):
            async with wdc.pipeline(transaction=True) as pipeline:
                pipeline.lpush("news:ticker:A", number)
                pipeline.publish("news:ticker:A", str(number))
                await pipeline.execute()
        await eventually(lambda: updates.resyncs > 0)
        newest = -1
        while newest != 99:
            update = await next_of(updates)
            assert update.data is not None
            assert update.data[0] > newest
            newest = update.data[0]
        assert updates.dropped > 0
