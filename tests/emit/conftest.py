"""A Redis of its own for each test, so that it may be taken away, and an emitter that writes to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from streams.emit import Emitter
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.telemetry import Counters

TIMEOUT_S = 30.0

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
async def own_redis() -> AsyncIterator[RedisServer]:
    async with RedisServer() as server:
        yield server


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return Settings(mdc_redis_url=own_redis.url(0), wdc_redis_url=own_redis.url(1), redis_timeout_s=2)


@pytest.fixture
async def wdc(own_redis: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(own_redis.url(1)) as client:
        yield client


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
async def emitter(settings: Settings, counters: Counters) -> AsyncIterator[Emitter]:
    async with Emitter(settings, counters) as emitter:
        yield emitter


@pytest.fixture
def eventually() -> Eventually:
    async def wait(condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not await condition():  # noqa: ASYNC110  what Redis holds sets no event
                await asyncio.sleep(0.02)

    return wait
