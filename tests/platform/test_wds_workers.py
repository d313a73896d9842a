"""The WDS as several processes on one port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from streams import settings
from streams.errors import StreamsError
from streams.local.redis import RedisServer
from streams.platform import wds_workers
from streams.scp.watched import Kind, Watched
from streams.scp.wds_clients import WdsClients
from streams.wds import listening
from streams.wds.control_tokens import ControlTokens

TIMEOUT_S = 60.0
CLIENTS = 24
BOARD = "scanners:top_volume"
SECRET = "a secret of the test, 32 bytes long and more"


class Workers:
    """Two processes that serve; ``clients`` are connected and subscribed to a board."""

    def __init__(self, port: int, redis: Redis) -> None:
        self.port = port
        self.redis = redis
        self.clients: list[ClientConnection] = []

    async def enter(self) -> None:
        for _ in range(CLIENTS):
            socket = await connect(f"ws://127.0.0.1:{self.port}/ws", proxy=None)
            await socket.send(f'{{"action":"subscribe","feed":"{BOARD}"}}')
            await socket.recv()
            self.clients.append(socket)

    async def pids(self) -> dict[int, int]:
        """Return the processes that answer on the port, by their numbers."""
        found: dict[int, int] = {}
        async with asyncio.timeout(TIMEOUT_S):
            while len(found) < 2:  # noqa: PLR2004  as many as there are
                with contextlib.suppress(aiohttp.ClientError):
                    # Each time a new connection, for it is connections that are spread.
                    async with (
                        aiohttp.ClientSession() as session,
                        session.get(f"http://127.0.0.1:{self.port}/health") as response,
                    ):
                        health = await response.json()
                        found[health["worker"]] = health["process"]
        return found

    async def deliver(self, value: str) -> int:
        """Publish a value; return how many clients have got it."""
        await self.redis.publish(BOARD, value)

        async def take(socket: ClientConnection) -> bool:
            try:
                return await asyncio.wait_for(socket.recv(), TIMEOUT_S) == value
            except ConnectionClosed:
                return False

        return sum(await asyncio.gather(*map(take, self.clients)))


@pytest.fixture
async def stop() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def workers(monkeypatch: pytest.MonkeyPatch, stop: asyncio.Event) -> AsyncIterator[Workers]:
    async with RedisServer() as redis, Redis.from_url(redis.url(1)) as client:
        environment = {
            "MDC_REDIS_URL": redis.url(0),
            "WDC_REDIS_URL": redis.url(1),
            "WDS_HOST": "127.0.0.1",
            "WDS_PORT": "0",
            "WDS_OWN_PORT": "0",
            "WDS_WORKERS": "2",
            "WDS_DRAIN_S": "0.2",
            "AUTH_ENABLED": "false",
            "WDS_JWT_SECRET": SECRET,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        ports: asyncio.Queue[int] = asyncio.Queue()
        running = asyncio.create_task(wds_workers.run(settings.load(), stop, ports.put_nowait))
        workers = Workers(await asyncio.wait_for(ports.get(), TIMEOUT_S), client)
        await workers.enter()
        yield workers
        stop.set()
        await asyncio.wait_for(running, TIMEOUT_S)
        for each in workers.clients:
            await each.close()


@contextlib.asynccontextmanager
async def operating(port: int) -> AsyncIterator[WdsClients]:
    """Give the control plane's view of the clients of who answers on a port."""
    component = Watched("wds", "WDS", Kind.WDS, f"http://127.0.0.1:{port}")
    clients = WdsClients([component], ControlTokens(SecretStr(SECRET)))
    try:
        yield clients
    finally:
        await clients.close()


async def test_processes_share_a_port_one_that_dies_comes_back_and_all_say_good_bye(
    workers: Workers, stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One test, for it takes seconds to start them.
    monkeypatch.setattr("streams.scp.wds_processes.TIMEOUT_S", 1.0)
    before = await workers.pids()
    assert sorted(before) == [1, 2]
    assert await workers.deliver("[1]") == CLIENTS
    async with operating(workers.port) as clients:
        # By the ports of their own, for on the one that they share any of them answers.
        for _ in range(2):
            told = await clients.describe("olga")
            assert (told["total"], len(told["clients"])) == (CLIENTS, CLIENTS)
            assert {each["title"] for each in told["processes"]} == {"WDS 1", "WDS 2"}
            assert {each["process"] for each in told["clients"]} == {"WDS 1", "WDS 2"}
            assert all(each["sent_bytes"] > 0 and each["feeds"] == [BOARD] for each in told["clients"])
        for process in ("WDS 1", "WDS 2"):
            chosen = next(each["id"] for each in told["clients"] if each["process"] == process)
            await clients.disconnect("olga", await clients.find("olga", chosen))
        os.kill(before[1], signal.SIGSTOP)
        told = await clients.describe("olga")
        well, hanging = sorted(told["processes"], key=lambda each: each["problem"] is not None)
        assert (hanging["problem"], well["title"]) == ("no answer in 2 s", "WDS 2")

    os.kill(before[1], signal.SIGKILL)
    survivors = await workers.deliver("[2]")
    assert survivors == well["clients"] > 0
    after = await workers.pids()
    assert after[2] == before[2]
    assert after[1] != before[1]

    stop.set()
    codes: list[int | None] = []
    for client in workers.clients:
        with contextlib.suppress(ConnectionClosed):
            await asyncio.wait_for(client.recv(), TIMEOUT_S)
        codes.append(client.close_code)
    assert codes.count(1012) == survivors


def test_a_port_that_is_taken_is_not_shared() -> None:
    given = settings.Settings(wds_host="127.0.0.1", wds_port=0)
    with listening.reserve(given) as reserved:
        reserved.listen()
        taken = given.model_copy(update={"wds_port": reserved.getsockname()[1]})
        with pytest.raises(StreamsError, match="WDS_PORT chooses another"):
            listening.reserve(taken)


def test_where_a_port_cannot_be_shared_it_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    with pytest.raises(StreamsError, match=r"cannot share a port: run one process \(WDS_WORKERS=1\)"):
        listening.reserve(settings.Settings(wds_host="127.0.0.1", wds_port=0))


def test_each_process_has_a_port_of_its_own() -> None:
    given = settings.Settings(wds_workers=3, wds_own_port=4_300)
    assert wds_workers.own_ports(given) == [(1, 4_300), (2, 4_301), (3, 4_302)]
