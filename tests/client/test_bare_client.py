"""The client, against a real service."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from streams.client import Refused, WidgetClient
from streams.errors import BadInputError, UnavailableError
from streams.settings import Settings
from streams.wds.service import WidgetDataService

KEY = SecretStr("a key of the test")
TIMEOUT_S = 30.0


def url(service: WidgetDataService) -> str:
    return f"ws://127.0.0.1:{service.port}/ws"


async def next_payload(client: WidgetClient) -> bytes:
    return await asyncio.wait_for(anext(client.payloads()), TIMEOUT_S)


async def test_it_gets_and_follows_a_feed(service: WidgetDataService, wdc: Redis) -> None:
    await wdc.lpush("news:feed:latest", '{"title":"a"}', '{"title":"b"}')
    async with WidgetClient(url(service), KEY) as client:
        await client.subscribe("news:feed:latest")
        assert await client.get("news:feed:latest", limit=1) == b'[{"title":"b"}]'
        await wdc.publish("news:feed:latest", '{"title":"c"}')
        assert await next_payload(client) == b'{"title":"c"}'


async def test_payloads_that_come_before_a_reply_are_not_lost(service: WidgetDataService, wdc: Redis) -> None:
    async with WidgetClient(url(service), KEY) as client:
        await client.subscribe("quote:*")
        for number in range(10):
            await wdc.publish(f"quote:{number}", str(number))
        await asyncio.gather(*(wdc.set(f"quote:{number}", "0") for number in range(10)))
        assert await client.get("quote:0") == b"0"
        assert [await next_payload(client) for _ in range(10)] == [b"%d" % number for number in range(10)]


async def test_a_wrong_key_is_refused(service: WidgetDataService) -> None:
    with pytest.raises(Refused, match="invalid key") as caught:
        await WidgetClient(url(service), SecretStr("secret")).connect()
    assert "secret" not in str(caught.value)


async def test_no_key_is_refused(service: WidgetDataService) -> None:
    async with WidgetClient(url(service)) as client:
        with pytest.raises(Refused):
            await client.subscribe("quote:A")


async def test_an_unknown_feed_is_refused(service: WidgetDataService) -> None:
    async with WidgetClient(url(service), KEY) as client:
        with pytest.raises(BadInputError, match="invalid feed: nowhere"):
            await client.subscribe("nowhere")


async def test_a_service_that_is_not_there_is_one_clear_error() -> None:
    with pytest.raises(UnavailableError, match="127.0.0.1:9/ws does not answer"):
        await WidgetClient("ws://127.0.0.1:9/ws").connect()


async def test_it_comes_back_with_its_subscriptions_after_the_service_was_restarted(
    settings: Settings, wdc: Redis
) -> None:
    async with WidgetDataService(settings) as service:
        client = WidgetClient(url(service), KEY)
        await client.connect()
        await client.subscribe("quote:*")
        payload = asyncio.create_task(next_payload(client))
    async with WidgetDataService(settings.model_copy(update={"wds_port": service.port})):
        async with asyncio.timeout(TIMEOUT_S):
            while not payload.done():
                await wdc.publish("quote:A", "again")
                await asyncio.sleep(0.02)
        assert await payload == b"again"
        assert client.reconnects == 1
        await client.close()
