import asyncio
import json
import sys
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from streams.settings import Settings
from streams.wds.service import WidgetDataService

KEY = "a key of the test"
BOARD = json.dumps([{"rank": 1, "symbol": "A", "close": 1.5, "accumulated_volume": 10.0}])
TIMEOUT_S = 60.0


@pytest.fixture
async def wds_url(redis_url: str) -> AsyncIterator[str]:
    settings = Settings(
        mdc_redis_url=redis_url.replace("/0", "/11"),
        wdc_redis_url=redis_url.replace("/0", "/12"),
        wds_host="127.0.0.1",
        wds_port=0,
        auth_api_key=SecretStr(KEY),
    )
    async with WidgetDataService(settings) as service:
        yield f"ws://127.0.0.1:{service.port}/ws"


@pytest.fixture
async def wdc(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url.replace("/0", "/12")) as client:
        yield client
        await client.flushdb()


async def watch(*arguments: str, url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "watch", *arguments, "--url", url, "--key", KEY),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_get_shows_the_current_value_and_ends(wds_url: str, wdc: Redis) -> None:
    await wdc.set("scanners:top_volume", BOARD)
    process = await watch("scanners:top_volume", "--get", url=wds_url)
    out, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert (process.returncode, json.loads(out)) == (0, json.loads(BOARD))


async def test_changes_are_json_lines_where_piped(wds_url: str, wdc: Redis) -> None:
    await wdc.set("quote:A", '{"close":1}')
    process = await watch("quote:A", "quote:B", url=wds_url)
    assert process.stdout is not None
    first = await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
    while not await wdc.publish("quote:B", '{"close":2}'):  # noqa: ASYNC110  until it is subscribed
        await asyncio.sleep(0.05)
    second = await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
    process.send_signal(2)
    await asyncio.wait_for(process.wait(), TIMEOUT_S)
    assert (first, second) == (b'{"close":1}\n', b'{"close":2}\n')


async def test_ctrl_c_ends_it_without_a_traceback(wds_url: str, wdc: Redis) -> None:
    await wdc.set("quote:A", '{"close":1}')
    process = await watch("quote:A", url=wds_url)
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
    process.send_signal(2)
    _, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert (process.returncode, err) == (130, b"")


async def test_a_feed_that_does_not_exist_is_one_line(wds_url: str) -> None:
    process = await watch("no:such:feed", url=wds_url)
    _, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert process.returncode == 1
    assert err.startswith(b"streams: ")
    assert err.count(b"\n") == 1
