"""A widget data service on a free port, with a Redis of its own, and real clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds.service import WidgetDataService

KEY = "a key of the test"
TIMEOUT_S = 30.0

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture
async def own_redis() -> AsyncIterator[RedisServer]:
    async with RedisServer() as server:
        yield server


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return Settings(
        mdc_redis_url=own_redis.url(0),
        wdc_redis_url=own_redis.url(1),
        redis_timeout_s=2,
        wds_host="127.0.0.1",
        wds_port=0,
        auth_api_key=SecretStr(KEY),
        wds_slow_after_s=1,
    )


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[WidgetDataService]:
    async with WidgetDataService(settings) as service:
        yield service


@pytest.fixture
async def wdc(own_redis: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(own_redis.url(1)) as client:
        yield client


@pytest.fixture
async def mdc(own_redis: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(own_redis.url(0)) as client:
        yield client


@pytest.fixture
async def stranger(service: WidgetDataService) -> AsyncIterator[ClientConnection]:
    """A client that has not said who it is."""
    async with connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as socket:
        yield socket


@pytest.fixture
async def client(stranger: ClientConnection) -> ClientConnection:
    """A client that is authorized."""
    await stranger.send(f'{{"action":"auth","api_key":"{KEY}"}}')
    assert await stranger.recv() == '{"status":"authorized"}'
    return stranger


@pytest.fixture
def eventually() -> Eventually:
    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():  # noqa: ASYNC110  nothing under test sets an event for it
                await asyncio.sleep(0.02)

    return wait
