"""Clients that mean no good, or that have gone without a word: each costs itself alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streams.settings import Settings
from streams.wds import keys
from streams.wds.service import WidgetDataService, run

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PING = b"\x89\x80\0\0\0\0"
CLOSE = 0x88
EMPTY_FRAGMENT = b"\x00\x80\0\0\0\0"


async def end(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Return the close code and the reason, whatever comes before."""
    async with asyncio.timeout(30):
        while True:
            first, length = await reader.readexactly(2)
            data = await reader.readexactly(length)
            if first == CLOSE:
                return int.from_bytes(data[:2]), data[2:].decode()


@pytest.mark.parametrize("sent", [b"", b"GET /ws HTTP/1.1\r\nHost: te"])
async def test_a_request_that_never_ends_is_cut_off(
    settings: Settings, eventually: Eventually, sent: bytes
) -> None:
    impatient = settings.model_copy(update={"wds_auth_timeout_s": 0.2})
    async with WidgetDataService(impatient) as service:
        _, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(sent)
        await eventually(lambda: service.counters.get("refused", "no request in time") == 1)
        writer.close()


@pytest.mark.parametrize("flood", [PING * 300, b"\x01\x80\0\0\0\0" + EMPTY_FRAGMENT * 300])
async def test_a_flood_of_frames_is_cut_off(settings: Settings, flood: bytes) -> None:
    strict = settings.model_copy(update={"wds_request_burst": 100, "wds_max_requests_per_s": 1})
    async with WidgetDataService(strict) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(flood)
        assert await end(reader) == (1008, "too many frames")
        assert service.counters.get("cut_off", "too many frames") == 1
        writer.close()


async def test_a_half_open_connection_is_cut_off(settings: Settings) -> None:
    attentive = settings.model_copy(update={"wds_ping_interval_s": 0.1, "wds_ping_timeout_s": 0.1})
    async with WidgetDataService(attentive) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        assert await end(reader) == (1011, "no answer to a ping")
        assert service.counters.get("cut_off", "no answer to a ping") == 1
        writer.close()


async def test_a_page_of_another_origin_is_refused_where_origins_are_named(settings: Settings) -> None:
    bounded = settings.model_copy(update={"wds_allowed_origins": ["https://good.example"]})
    async with WidgetDataService(bounded) as service:
        url = f"ws://127.0.0.1:{service.port}/ws"
        with pytest.raises(InvalidStatus):
            await connect(url, origin="https://bad.example", proxy=None)  # type: ignore[arg-type]
        async with connect(url, origin="https://good.example", proxy=None):  # type: ignore[arg-type]
            assert service.counters.get("refused", "origin") == 1


async def test_a_key_that_is_removed_sends_its_clients_away(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key, entry = keys.make("office", ("quote:*",), None, None)
    keys.write(path, [entry])
    async with (
        WidgetDataService(settings.model_copy(update={"wds_keys_file": path})) as service,
        connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as socket,
    ):
        await socket.send(json.dumps({"action": "auth", "api_key": key}))
        assert await socket.recv() == '{"status":"authorized"}'
        await socket.send('{"action":"subscribe","feed":"scanners:top_volume"}')
        assert json.loads(await socket.recv())["status"] == "not allowed"
        keys.write(path, [])
        with pytest.raises(ConnectionClosed, match="key revoked"):
            await asyncio.wait_for(socket.recv(), 30)


async def test_ten_thousand_wildcards_are_bounded_and_disturb_nobody(settings: Settings, wdc: Redis) -> None:
    """Ten clients ask for 1,100 wildcards each, all at once; another gets every value meanwhile."""
    quick = settings.model_copy(update={"auth_enabled": False, "wds_request_burst": 1_100})
    asked = 1_100

    async def ask_for_many(url: str, number: int) -> None:
        async with connect(url, proxy=None, max_queue=None) as socket:
            for each in range(asked):
                await socket.send(f'{{"action":"subscribe","feed":"quote:{number}-{each}-*"}}')
            async with asyncio.timeout(60):
                statuses = [json.loads(await socket.recv())["status"] for _ in range(asked)]
            assert statuses == ["subscribed"] * 1_000 + ["too many subscriptions"] * (asked - 1_000)
            await wdc.publish(f"quote:{number}-999-A", "mine")
            assert await asyncio.wait_for(socket.recv(), 30) == "mine"

    async with WidgetDataService(quick) as service:
        url = f"ws://127.0.0.1:{service.port}/ws"
        async with connect(url, proxy=None) as calm:
            await calm.send('{"action":"subscribe","feed":"quote:A"}')
            await calm.recv()
            crowd = asyncio.gather(*(ask_for_many(url, number) for number in range(10)))
            values = 0
            while not crowd.done():
                await wdc.publish("quote:A", str(values))
                assert await asyncio.wait_for(calm.recv(), 30) == str(values)
                values += 1
            await crowd
        assert service.counters.get("refused", "too many subscriptions") == 10 * (asked - 1_000)
    # Five, when all that a client had asked for was answered in one go.
    assert values > 30


async def test_requests_that_make_no_sense_are_logged_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    stop, ports = asyncio.Event(), asyncio.Queue[int]()
    serving = asyncio.create_task(run(settings, stop, ports.put_nowait))
    port = await ports.get()
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"no request at all\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()
    stop.set()
    await asyncio.wait_for(serving, 30)
    assert caplog.text.count("Invalid HTTP request") == 1


async def test_a_reply_that_nobody_takes_is_cut_off(
    settings: Settings, wdc: Redis, eventually: Eventually
) -> None:
    await wdc.set("quote:A", json.dumps("x" * 20_000_000))
    async with WidgetDataService(settings.model_copy(update={"wds_slow_after_s": 0.2})) as service:
        _, writer = await asyncio.open_connection("127.0.0.1", service.port, limit=1_000)
        writer.write(b"GET /quotes/A HTTP/1.1\r\nHost: test\r\nX-API-Key: a key of the test\r\n\r\n")
        await eventually(lambda: service.counters.get("refused", "takes no data") == 1)
        writer.close()
