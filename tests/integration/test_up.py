"""``streams up`` against a real broker, a real Redis and the simulator in the vendor's place."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import psutil
import pytest
from pydantic import SecretStr

from streams.client import WidgetClient
from streams.errors import UnavailableError
from streams.local.process import free_port
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator

KEY = "a key of the test"
TIMEOUT_S = 90.0


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    options = SimOptions(symbols=100, rate=5_000, api_key=SecretStr("the vendor's"))
    async with Simulator(options) as simulator:
        yield simulator


@pytest.fixture
def environment(simulator: Simulator, kafka_bootstrap: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "KAFKA_BOOTSTRAP": kafka_bootstrap,
        "KAFKA_TOPIC_PREFIX": "up.",
        "KAFKA_PARTITIONS": "4",
        "MDC_REDIS_URL": redis_url.replace("/0", "/13"),
        "WDC_REDIS_URL": redis_url.replace("/0", "/14"),
        "MASSIVE_FEED": simulator.ws_url,
        "MASSIVE_REST_URL": simulator.rest_url,
        "MASSIVE_API_KEY": "the vendor's",
        "AUTH_API_KEY": KEY,
        "LISTENER_PORT": str(free_port()),
        "WORKER_PORT": str(free_port()),
        "WDS_PORT": str(free_port()),
        "SCP_PORT": str(free_port()),
        "WDS_HOST": "127.0.0.1",
        "DATA_DIR": str(tmp_path / "data"),
        "LOG_LEVEL": "WARNING",
    }


async def next_board(client: WidgetClient) -> list[dict]:
    async for payload in client.payloads():
        return msgspec.json.decode(payload)
    raise AssertionError("no board")


async def until_it_serves(client: WidgetClient) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            try:
                await client.connect()
            except UnavailableError:
                await asyncio.sleep(0.1)
            else:
                return


async def test_up_serves_ranked_boards_survives_a_killed_worker_and_stops(
    environment: dict[str, str],
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "up"), env=environment, stderr=asyncio.subprocess.PIPE
    )
    client = WidgetClient(f"ws://127.0.0.1:{environment['WDS_PORT']}/ws", SecretStr(KEY))
    try:
        await until_it_serves(client)
        await client.subscribe("scanners:top_gappers")
        # Reference data has been loaded: without it nobody is on this board.
        async with asyncio.timeout(TIMEOUT_S):
            while not await next_board(client):
                pass
        children = psutil.Process(process.pid).children()
        next(child for child in children if "faust" in child.cmdline()).kill()
        async with asyncio.timeout(TIMEOUT_S):
            assert await next_board(client)
            assert process.stderr is not None
            while b"scanner worker 1 ended" not in await process.stderr.readline():
                pass
            assert await next_board(client)
        children = psutil.Process(process.pid).children()
        process.terminate()
        assert await asyncio.wait_for(process.wait(), TIMEOUT_S) == 0
        assert not any(child.is_running() for child in children)
    finally:
        await client.close()
        if process.returncode is None:
            process.kill()
            await process.communicate()
