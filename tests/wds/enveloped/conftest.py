"""A client with options, of a real service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from streams.wds.service import WidgetDataService

KEY = "a key of the test"
TIMEOUT_S = 30.0


class Widget:
    """What a browser widget does: asks, and reads envelopes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def ask(self, action: str, feed: str | None = None, **options: object) -> dict:
        named = {} if feed is None else {"feed": feed}
        await self.socket.send(json.dumps({"action": action, **named, **options}))
        return await self.read()

    async def subscribe(self, feed: str, **options: object) -> None:
        assert await self.ask("subscribe", feed, **options) == {"status": "subscribed", "feed": feed}

    async def read(self) -> dict:
        return json.loads(await asyncio.wait_for(self.socket.recv(), TIMEOUT_S))

    async def frame(self) -> tuple[str, int, Any]:
        message = await self.read()
        return message["type"], message["seq"], message["data"]


async def put(redis: Redis, key: str, value: str) -> None:
    """Set a latest value and publish it in one, as the emitters do."""
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.set(key, value)
        pipeline.publish(key, value)
        await pipeline.execute()


@asynccontextmanager
async def enter(service: WidgetDataService, is_compressed: bool = True) -> AsyncIterator[Widget]:
    compression = "deflate" if is_compressed else None
    url = f"ws://127.0.0.1:{service.port}/ws"
    async with connect(url, proxy=None, max_size=None, compression=compression) as socket:
        widget = Widget(socket)
        assert await widget.ask("auth", api_key=KEY) == {"status": "authorized"}
        yield widget


@pytest.fixture
def widget(client: ClientConnection) -> Widget:
    return Widget(client)
