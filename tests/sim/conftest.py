import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, time
from typing import Any

import msgspec
import numpy as np
import pytest
from massive import WebSocketClient

from streams.sessions import MarketCalendar, at
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator
from streams.sim.symbols import make_listings
from streams.sim.tape import Tape

DAY = date(2026, 11, 20)
ALL = ["T.*", "Q.*", "A.*", "LULD.*"]
TIMEOUT_S = 30.0

MakeTape = Callable[..., Tape]


class Client:
    """The vendor's own client, and what it got."""

    def __init__(self, simulator: Simulator, key: str, channels: list[str]) -> None:
        self.frames: list[Any] = []
        feed = simulator.ws_url.removeprefix("ws://")
        self._vendor = WebSocketClient(
            key, feed=feed, secure=False, raw=True, subscriptions=channels, max_reconnects=0
        )

    async def run(self) -> None:
        """Receive until the connection ends."""
        await self._vendor.connect(self._take, proxy=None, max_size=None)

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._vendor.websocket is not None:
            await self._vendor.websocket.close()

    async def _take(self, message: str | bytes) -> None:
        self.frames.append(message)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events but statuses, in order."""
        decoded = [event for frame in self.frames for event in msgspec.json.decode(frame)]
        return [event for event in decoded if event["ev"] != "status"]

    @property
    def statuses(self) -> list[str]:
        """The status messages."""
        decoded = [event for frame in self.frames for event in msgspec.json.decode(frame)]
        return [event["status"] for event in decoded if event["ev"] == "status"]


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def connected(
    simulator: Simulator, channels: list[str] | None = None, key: str = "key"
) -> AsyncIterator[tuple[Client, asyncio.Task[None]]]:
    """Run the vendor's client beside the test; the task ends with the connection."""
    client = Client(simulator, key, ALL if channels is None else channels)
    task = asyncio.create_task(client.run())
    try:
        yield client, task
    finally:
        # Closed first: the vendor receives in wait_for(), which before 3.12 may swallow a cancellation.
        await client.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def post(simulator: Simulator, path: str, body: bytes | dict[str, Any]) -> dict[str, Any]:
    """POST to the simulator: bytes as they are, all else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310  it is our own server
        simulator.rest_url + path, data, {"content-type": "application/json"}
    )

    def send() -> dict[str, Any]:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return json.load(answer)

    return await asyncio.to_thread(send)


@pytest.fixture(scope="session")
def calendar() -> MarketCalendar:
    return MarketCalendar()


@pytest.fixture
def make_tape(calendar: MarketCalendar) -> MakeTape:
    def make(start: time = time(9, 31), *, symbols: int = 300, seed: int = 7, halts: float = 0.0) -> Tape:
        listings = make_listings(symbols, seed)
        closes = np.array([listing.price for listing in listings])
        return Tape(
            listings, closes, seed=seed, start_ms=at(DAY, start), halts_per_hour=halts, calendar=calendar
        )

    return make


@pytest.fixture
def options() -> Callable[..., SimOptions]:
    def make(**changes: object) -> SimOptions:
        return SimOptions.model_validate(
            {"symbols": 300, "rate": 5_000, "start": "2026-11-20T09:31:00", **changes}
        )

    return make
