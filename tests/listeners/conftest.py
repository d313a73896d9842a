"""A vendor that speaks Massive's protocol to Massive's own client."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from pydantic import SecretStr
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from streams.settings import Settings

KEY = "a-key-that-must-not-leak"
Script = Callable[[ServerConnection], Awaitable[None]]


def status(kind: str, message: str = "") -> str:
    return json.dumps([{"ev": "status", "status": kind, "message": message}])


class Vendor:
    """Lets connections in and then does what ``script`` says."""

    def __init__(self) -> None:
        self.connections = 0
        self.open = 0
        self.subscriptions: list[str] = []
        self.script: Script = self.stay
        self.answers_auth = True
        self.server: Server | None = None

    @property
    def feed(self) -> str:
        assert self.server is not None
        return f"ws://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def stay(self, connection: ServerConnection) -> None:
        """Read subscriptions until the client goes."""
        async for message in connection:
            request = json.loads(message)
            channels = request["params"].split(",")
            if request["action"] == "subscribe":
                self.subscriptions = [*self.subscriptions, *channels]
            else:
                self.subscriptions = [name for name in self.subscriptions if name not in channels]
            for channel in channels:
                await connection.send(status("success", f"{request['action']}d to: {channel}"))

    async def handle(self, connection: ServerConnection) -> None:
        self.connections += 1
        self.open += 1
        self.subscriptions = []
        try:
            await connection.send(status("connected", "Connected Successfully"))
            request = json.loads(await connection.recv())
            if not self.answers_auth:
                await connection.wait_closed()
            elif request != {"action": "auth", "params": KEY}:
                await connection.send(status("auth_failed", "authentication failed"))
            else:
                await connection.send(status("auth_success", "authenticated"))
                await self.script(connection)
        except ConnectionClosed:
            pass
        finally:
            self.open -= 1


@pytest_asyncio.fixture
async def vendor() -> AsyncIterator[Vendor]:
    vendor = Vendor()
    async with serve(vendor.handle, "127.0.0.1", 0, compression=None) as server:
        vendor.server = server
        yield vendor


@pytest.fixture
def settings(vendor: Vendor) -> Settings:
    return Settings(
        massive_feed=vendor.feed,
        massive_api_key=SecretStr(KEY),
        massive_subscriptions=["T.*", "Q.*"],
        reconnect_first_s=0.01,
        reconnect_longest_s=0.05,
        reconnect_closed_longest_s=0.2,
        kafka_timeout_s=5,
        kafka_partitions=4,
    )


Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest.fixture
def until() -> Until:
    """Return what waits until a condition holds, for at most 30 s."""

    async def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "condition not met in 30 s"
            await asyncio.sleep(0.01)

    return wait


@asynccontextmanager
async def running(coroutine: Awaitable[None]) -> AsyncIterator[None]:
    """Run a coroutine for as long as the context lasts."""
    task = asyncio.ensure_future(coroutine)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
