"""News through the whole platform: the vendor's protocol, Kafka, workers, Redis, WebSocket clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from streams import feeds
from streams.client import WidgetClient
from streams.local.process import ChildProcess, accepts_connections, free_port
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.sim.articles import SimArticle
from streams.sim.faults import FaultKind, FaultRequest
from streams.sim.newswire import Newswire
from streams.topic_admin import create_topics
from tests.integration.workers import Workers, environment, eventually
from tests.news.conftest import Json, brute_force, wire

pytestmark = pytest.mark.timeout(300)

KEY = "a key of the test"
HOST = "127.0.0.1"


@contextlib.asynccontextmanager
async def _process(name: str, port: int, settings: Settings, folder: Path) -> AsyncIterator[ChildProcess]:
    child = ChildProcess(
        name,
        [sys.executable, str(Path(__file__).with_name("component.py")), name],
        log_path=folder / f"{name}.log",
        environment=environment(settings),
    )
    await child.start(lambda: accepts_connections(HOST, port))
    try:
        yield child
    finally:
        await child.stop()


async def _health(port: int) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        health: dict[str, Any] = (await client.get(f"http://{HOST}:{port}/health")).json()
        return health


async def _watch(url: str, latest: list[Json], subscribed: asyncio.Event) -> None:
    async with WidgetClient(url, SecretStr(KEY)) as client:
        await client.subscribe(feeds.NEWS_LATEST.key())
        subscribed.set()
        async for payload in client.payloads():
            latest.append(json.loads(payload))


async def test_clients_get_every_article_whatever_breaks(kafka_bootstrap: str, tmp_path: Path) -> None:
    articles = wire(11, 600)
    newswire = Newswire(
        HOST, 0, None, [SimArticle(0, fields) for fields in articles], speed=1.0, is_recorded=True
    )
    async with RedisServer() as redis, newswire, contextlib.AsyncExitStack() as stack:
        settings = Settings(
            kafka_bootstrap=kafka_bootstrap,
            kafka_topic_prefix=f"w{uuid.uuid4().hex[:8]}.",
            kafka_partitions=4,
            mdc_redis_url=SecretStr(redis.url(0)),
            wdc_redis_url=SecretStr(redis.url(1)),
            finlight_api_key=SecretStr("a key of the vendor"),
            finlight_feed=newswire.url,
            finlight_listener_port=free_port(),
            listener_autostart=False,
            reconnect_first_s=0.1,
            reconnect_longest_s=0.2,
            reconnect_closed_longest_s=0.2,
            wds_host=HOST,
            wds_port=free_port(),
            auth_api_key=SecretStr(KEY),
            worker_session_timeout_s=4.0,
            flush_interval_s=0.3,
        )
        await create_topics(settings)
        workers = await stack.enter_async_context(Workers("streams.news.app", settings, tmp_path))
        first, *_ = await asyncio.gather(
            workers.start("0"),
            stack.enter_async_context(
                _process("finlight", settings.finlight_listener_port, settings, tmp_path)
            ),
            stack.enter_async_context(_process("wds", settings.wds_port, settings, tmp_path)),
        )
        url = f"ws://{HOST}:{settings.wds_port}/ws"
        seen: list[Json] = []
        subscribed = asyncio.Event()
        watching = asyncio.create_task(_watch(url, seen, subscribed))
        await subscribed.wait()
        async with httpx.AsyncClient(timeout=10, trust_env=False) as control:
            await control.post(f"http://{HOST}:{settings.finlight_listener_port}/start")
        await eventually(lambda: _has(settings.finlight_listener_port, 50))
        await newswire.faults.make(FaultRequest(kind=FaultKind.DROP))
        await first.kill()
        await workers.start("0")
        await eventually(lambda: _has(settings.finlight_listener_port, len(articles)))
        expected = brute_force(articles)
        async with WidgetClient(url, SecretStr(KEY)) as client:

            async def agrees() -> bool:
                return await _lists(client, expected) == expected

            await eventually(agrees, 60)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert {article["link"] for article in seen} == {fields["link"] for fields in articles}
        assert all(article["title"] for article in seen)


async def _has(port: int, least: int) -> bool:
    counters = (await _health(port))["counters"]
    return bool(counters.get("articles", 0) >= least)


async def _lists(client: WidgetClient, expected: dict[str, list[Json]]) -> dict[str, list[Json]]:
    return {key: json.loads(await client.get(key)) or [] for key in expected}
