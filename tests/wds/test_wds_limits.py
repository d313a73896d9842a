"""Each limit of a client: beyond it the client is told, it is counted, and nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds import keys
from streams.wds.service import WidgetDataService

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
TIMEOUT_S = 30.0
BOARD = "scanners:top_volume"


@pytest.fixture(scope="module")
async def own_redis() -> AsyncIterator[RedisServer]:
    async with RedisServer() as server:
        yield server


@pytest.fixture
def limited(settings: Settings) -> Callable[..., Settings]:
    """Settings of a service without keys, with the limits that a test names."""

    def make(**limits: float) -> Settings:
        return settings.model_copy(update={"auth_enabled": False, **limits})

    return make


@contextlib.asynccontextmanager
async def enter(service: WidgetDataService, **options: Any) -> AsyncIterator[ClientConnection]:  # noqa: ANN401
    async with connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None, **options) as socket:
        yield socket


async def ask(socket: ClientConnection, request: object) -> Any:  # noqa: ANN401  any JSON value
    await socket.send(json.dumps(request))
    return json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT_S))


async def end(socket: ClientConnection) -> tuple[int | None, str | None]:
    """Return how a connection ends: the close code and the reason."""
    with pytest.raises(ConnectionClosed):
        while True:
            await asyncio.wait_for(socket.recv(), TIMEOUT_S)
    return socket.close_code, socket.close_reason


async def test_clients_of_an_address_are_bounded(limited: Callable[..., Settings]) -> None:
    async with WidgetDataService(limited(wds_max_clients_per_address=1)) as service, enter(service) as first:
        async with enter(service) as second:
            assert await end(second) == (1013, "too many clients of an address")
        assert service.counters.get("refused", "too many clients of an address") == 1
        assert (await ask(first, {"action": "get", "cache": BOARD}))["cache"] == BOARD


async def test_behind_a_trusted_proxy_a_client_counts_by_its_own_address(
    limited: Callable[..., Settings],
) -> None:
    proxied = limited(wds_max_clients_per_address=1).model_copy(update={"wds_trusted_proxies": ["127.0.0.1"]})
    async with WidgetDataService(proxied) as service:
        headers = [{"X-Forwarded-For": address} for address in ("192.0.2.1", "192.0.2.2", "192.0.2.2")]
        async with (
            enter(service, additional_headers=headers[0]) as first,
            enter(service, additional_headers=headers[1]) as second,
            enter(service, additional_headers=headers[2]) as third,
        ):
            assert await end(third) == (1013, "too many clients of an address")
            for socket in (first, second):
                assert (await ask(socket, {"action": "get", "cache": BOARD}))["cache"] == BOARD


async def test_without_one_a_client_cannot_name_its_address(limited: Callable[..., Settings]) -> None:
    async with (
        WidgetDataService(limited(wds_max_clients_per_address=1)) as service,
        enter(service, additional_headers={"X-Forwarded-For": "192.0.2.1"}),
        enter(service, additional_headers={"X-Forwarded-For": "192.0.2.2"}) as second,
    ):
        assert await end(second) == (1013, "too many clients of an address")


async def test_clients_of_a_key_are_bounded(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key, entry = keys.make("office", ("*",), 1, None)
    keys.write(path, [entry])
    async with WidgetDataService(settings.model_copy(update={"wds_keys_file": path})) as service:
        auth = {"action": "auth", "api_key": key}
        async with enter(service) as second:
            async with enter(service) as first:
                assert await ask(first, auth) == {"status": "authorized"}
                assert await ask(second, auth) == {"status": "too many clients"}
                assert await end(second) == (1008, "too many clients of a key")
            assert service.counters.get("refused", "too many clients of a key") == 1
        async with enter(service) as third:
            assert await ask(third, auth) == {"status": "authorized"}


async def test_subscriptions_of_a_key_are_bounded(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key, entry = keys.make("office", ("*",), None, 1)
    keys.write(path, [entry])
    async with (
        WidgetDataService(settings.model_copy(update={"wds_keys_file": path})) as service,
        enter(service) as socket,
    ):
        await ask(socket, {"action": "auth", "api_key": key})
        replies = [await ask(socket, {"action": "subscribe", "feed": f"quote:{name}"}) for name in "AB"]
        assert [reply["status"] for reply in replies] == ["subscribed", "too many subscriptions"]
        assert service.counters.get("refused", "too many subscriptions") == 1


async def test_requests_beyond_the_pace_wait_and_no_other_client_does(
    limited: Callable[..., Settings],
) -> None:
    async with (
        WidgetDataService(limited(wds_request_burst=10, wds_max_requests_per_s=1)) as service,
        enter(service, close_timeout=0.1) as hasty,  # The service has stopped to read it.
        enter(service) as calm,
    ):
        for _ in range(30):
            await hasty.send('{"action":"get","cache":"quote:A"}')
        for _ in range(10):
            await asyncio.wait_for(hasty.recv(), TIMEOUT_S)
        assert (await ask(calm, {"action": "get", "cache": BOARD}))["cache"] == BOARD
        assert service.counters.get("throttled") > 0
        assert service.counters.get("requests") < 30


async def test_what_a_client_asked_for_that_has_gone_is_not_answered(
    limited: Callable[..., Settings], eventually: Eventually
) -> None:
    async with WidgetDataService(limited(wds_request_burst=5, wds_max_requests_per_s=5)) as service:
        async with enter(service) as hasty:
            for _ in range(50):
                await hasty.send('{"action":"get","cache":"quote:A"}')
            await asyncio.wait_for(hasty.recv(), TIMEOUT_S)
            hasty.transport.abort()
        await eventually(lambda: [*service.counters.readings("clients")] == [((), 0.0)])
        assert service.counters.get("requests") < 50


async def test_a_client_whose_requests_wait_is_not_held_to_its_pongs(
    limited: Callable[..., Settings],
) -> None:
    # They lie behind the requests, and are not read before those have had their turn.
    paced = limited(
        wds_request_burst=5, wds_max_requests_per_s=2, wds_ping_interval_s=0.3, wds_ping_timeout_s=0.2
    )
    async with WidgetDataService(paced) as service, enter(service) as socket:
        for _ in range(8):
            await socket.send('{"action":"get","cache":"quote:A"}')
        for _ in range(8):
            await asyncio.wait_for(socket.recv(), TIMEOUT_S)
        assert service.counters.total("cut_off") == 0


async def test_a_large_message_is_told_and_counted(limited: Callable[..., Settings]) -> None:
    async with WidgetDataService(limited(wds_max_message_bytes=1_000)) as service, enter(service) as socket:
        with contextlib.suppress(ConnectionClosed):  # It may be told before all is sent.
            await socket.send("x" * 10_000_000)
        code, reason = await end(socket)
        assert code == 1009
        assert str(reason).endswith("exceeds limit of 1000 bytes")
        assert service.counters.get("refused", "message too large") == 1


async def test_a_client_that_does_not_read_is_told_why(
    limited: Callable[..., Settings], wdc: Redis, eventually: Eventually
) -> None:
    async with (
        WidgetDataService(limited(wds_slow_after_s=60, wds_outbox_entries=5)) as service,
        enter(service, max_queue=1) as socket,
    ):
        await ask(socket, {"action": "subscribe", "feed": "daily_range_hod_alert"})
        socket.transport.pause_reading()
        payload = b"x" * 500_000

        async def publish_until_cut_off() -> None:
            while not service.counters.total("cut_off"):
                await wdc.publish("daily_range_hod_alert", payload)
                await asyncio.sleep(0)

        await asyncio.wait_for(publish_until_cut_off(), TIMEOUT_S)
        socket.transport.resume_reading()
        assert await end(socket) == (1013, "too slow: too many entries wait")
        assert service.counters.get("cut_off", "too many entries wait") == 1
