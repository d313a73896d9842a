"""A client of the bare protocol, which existing widgets speak: what is published, as it is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Self

import msgspec
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from streams.backoff import Backoff
from streams.client import messages
from streams.client.link import Link
from streams.client.refused import Refused
from streams.errors import BadInputError, UnavailableError

MAX_EARLY: Final = 10_000
"""Most payloads that wait while a reply is awaited; beyond it the oldest goes."""


_encode: Final = msgspec.json.Encoder().encode


class WidgetClient:
    """Talks to the WDS. One task uses an instance; an async context manager.

    Args:
        url: Such as ``ws://localhost:4202/ws``.
        key: The client's key; None where the service needs none.
        timeout_s: Longest wait for connecting and for a reply, in seconds.
    """

    def __init__(self, url: str, key: SecretStr | None = None, timeout_s: float = 10.0) -> None:
        self._url = url
        # Uncompressed: it runs beside the service, and what it measures is the service.
        self._link = Link(url, key, None, timeout_s, is_compressed=False)
        self._timeout_s = timeout_s
        self._connection: ClientConnection | None = None
        self._feeds: dict[str, None] = {}
        self._early: deque[bytes] = deque(maxlen=MAX_EARLY)
        self.reconnects = 0

    async def connect(self) -> None:
        """Connect, authenticate, and subscribe again to what was subscribed.

        Raises:
            Refused: The key is wrong.
            UnavailableError: The service does not answer.
            BadInputError: The address is none of a WebSocket.
        """
        await self.close()
        self._connection = await self._link.connect()
        for feed in self._feeds:
            await self._ask("subscribe", feed)

    async def close(self) -> None:
        """Leave."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def subscribe(self, *feeds: str) -> None:
        """Subscribe to feeds; their names may hold wildcards.

        Raises:
            BadInputError: The service has no such feed.
            UnavailableError: The connection was lost.
        """
        for feed in feeds:
            await self._ask("subscribe", feed)
            self._feeds[feed] = None

    async def unsubscribe(self, *feeds: str) -> None:
        """End subscriptions.

        Raises:
            UnavailableError: The connection was lost.
        """
        for feed in feeds:
            self._feeds.pop(feed, None)
            await self._ask("unsubscribe", feed)

    async def get(self, cache: str, limit: int = 0) -> bytes:
        """Return a feed's current value as JSON: ``null`` where there is none, an array for a list.

        Args:
            cache: The feed's key.
            limit: Most entries of a list, newest first; 0 means all.

        Raises:
            UnavailableError: The connection was lost.
        """
        prefix = b'{"cache":' + _encode(cache)
        reply = await self._exchange({"action": "get", "cache": cache, "limit": limit}, prefix)
        return bytes(messages.decode(reply).data)

    async def payloads(self) -> AsyncIterator[bytes]:
        """Yield what is published, as it is; connects anew, with growing waits, as often as it takes.

        Raises:
            Refused: The key is no longer right.
        """
        backoff = Backoff()
        while True:
            try:
                while self._early:
                    yield self._early.popleft()
                payload = await self._receive()
                backoff.reset()
                yield payload
            except UnavailableError:
                await asyncio.sleep(backoff.next_s())
                await self._reconnect(backoff)

    async def _reconnect(self, backoff: Backoff) -> None:
        while True:
            try:
                await self.connect()
            except UnavailableError:
                await asyncio.sleep(backoff.next_s())
            else:
                self.reconnects += 1
                return

    async def _ask(self, action: str, feed: str) -> None:
        reply = messages.decode(await self._exchange({"action": action, "feed": feed}, b'{"status":'))
        if reply.status == "unauthorized":
            raise Refused(f"{self._url}: a key is needed")
        if reply.status != f"{action}d":
            raise BadInputError(f"{self._url}: {reply.status}: {feed}")

    async def _exchange(self, request: dict[str, str | int], prefix: bytes) -> bytes:
        connection = self._connected()
        try:
            async with asyncio.timeout(self._timeout_s):
                await connection.send(_encode(request).decode())
                while not (message := await self._receive()).startswith(prefix):
                    self._early.append(message)
        except (ConnectionClosed, TimeoutError) as error:
            raise UnavailableError(f"{self._url}: {error or 'no reply'}") from None
        return message

    async def _receive(self) -> bytes:
        try:
            return await self._connected().recv(decode=False)
        except ConnectionClosed as error:
            raise UnavailableError(f"{self._url}: {error}") from None

    def _connected(self) -> ClientConnection:
        if self._connection is None:
            raise UnavailableError(f"{self._url}: not connected")
        return self._connection

    async def __aenter__(self) -> Self:
        """Connect."""
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave."""
        await self.close()
