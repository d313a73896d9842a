"""The page's client against the real WDS, which is ended and started again under it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds.service import WidgetDataService

WEB = Path(__file__).parents[2] / "web"
KEY = "a key of the test"
MINUTE_MS = 60_000

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (WEB / "node_modules" / "vitest").exists(),
    reason="no Node here, or npm ci was not run in web/",
)


async def publish(wdc: Redis) -> None:
    """Count up in a board and in a chart, for ever."""
    rows = [{"symbol": symbol, "close": 0, "end_timestamp": 1} for symbol in ("AAA", "BBB", "CCC")]
    await wdc.set("scanners:mine", json.dumps(rows))
    for count in range(1_000_000):
        rows[0] |= {"close": count}
        board, bar = json.dumps(rows), json.dumps({"t": count * MINUTE_MS, "c": 1.0, "v": 1})
        async with wdc.pipeline() as pipeline:
            pipeline.set("scanners:top_gainers", board)
            pipeline.publish("scanners:top_gainers", board)
            pipeline.lpush("bars:1m:AAPL", bar)
            pipeline.publish("bars:1m:AAPL", bar)
            await pipeline.execute()
        await asyncio.sleep(0.2)


@asynccontextmanager
async def started_client(port: int) -> AsyncIterator[Process]:
    """Run the page's tests of its client."""
    environment = {**os.environ, "WDS_URL": f"ws://127.0.0.1:{port}/ws", "WDS_KEY": KEY}
    process = await asyncio.create_subprocess_exec(
        "node", "node_modules/vitest/vitest.mjs", "run", "tests/live.test.ts", "--reporter=verbose",
        cwd=WEB, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def read_until(process: Process, text: str) -> str:
    """Return what a process prints, up to a line that holds a text, or to its end."""
    assert process.stdout is not None
    printed = ""
    while line := (await process.stdout.readline()).decode():
        printed += line
        if text in line:
            break
    return printed


async def test_the_client_of_the_page_goes_on_through_the_end_of_the_service() -> None:
    async with RedisServer() as server, Redis.from_url(server.url(1)) as wdc:
        settings = Settings(
            mdc_redis_url=server.url(0),
            wdc_redis_url=server.url(1),
            wds_host="127.0.0.1",
            wds_port=0,
            auth_api_key=SecretStr(KEY),
        )
        publishing = asyncio.create_task(publish(wdc))
        try:
            async with AsyncExitStack() as clients:
                async with WidgetDataService(settings) as service:
                    port = service.port
                    process = await clients.enter_async_context(started_client(port))
                    printed = await read_until(process, "seen enough")
                async with WidgetDataService(settings.model_copy(update={"wds_port": port})):
                    printed += await read_until(process, "never printed")
                    assert await process.wait() == 0, printed
                    assert "seen enough" in printed
        finally:
            publishing.cancel()
