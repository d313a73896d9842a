"""The example of the documentation, and a service that is killed under it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from streams.local.process import accepts_connections, free_port
from streams.settings import Settings
from tests.wds.enveloped.conftest import KEY, put

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "movers.py"
BOARD = "scanners:top_gappers"
TIMEOUT_S = 60.0


@asynccontextmanager
async def child(*arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def wds(settings: Settings, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    urls = {
        "MDC_REDIS_URL": settings.mdc_redis_url.get_secret_value(),
        "WDC_REDIS_URL": settings.wdc_redis_url.get_secret_value(),
    }
    async with child("-m", "streams", "wds", **urls, WDS_PORT=str(port), AUTH_API_KEY=KEY) as process:
        async with asyncio.timeout(TIMEOUT_S):
            while not await accepts_connections("127.0.0.1", port):  # noqa: ASYNC110  another process
                await asyncio.sleep(0.05)
        yield process


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)).decode().strip()


async def test_it_goes_on_after_the_service_was_killed(settings: Settings, wdc: Redis) -> None:
    port = free_port()
    await put(wdc, BOARD, '[{"symbol":"A","close":2.5,"pct_change":10.0}]')
    await wdc.lpush("news:ticker:A", '{"title":"Up","link":"https://example.com/a"}')
    async with (
        wds(settings, port) as service,
        child(str(EXAMPLE), f"ws://127.0.0.1:{port}/ws", AUTH_API_KEY=KEY) as example,
    ):
        assert await line(example) == "A leads: 10.0 % at $2.5"
        assert await line(example) == "Up https://example.com/a"
        service.kill()
        await service.wait()
        await put(wdc, BOARD, '[{"symbol":"B","close":3.0,"pct_change":11.0}]')
        async with wds(settings, port):
            assert await line(example) == "B leads: 11.0 % at $3.0"
            await put(wdc, BOARD, '[{"symbol":"C","close":4.0,"pct_change":12.0}]')
            assert await line(example) == "C leads: 12.0 % at $4.0"
