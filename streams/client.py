"""A small client of the widget data service, for terminals and tests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Self

import msgspec
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from streams.backoff import Backoff
from streams.errors import BadInputError, StreamsError, UnavailableError

MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
"""Largest message that is taken: a long list's snapshot is one message."""
MAX_EARLY: Final = 10_000
"""Most payloads that wait while a reply is awaited; beyond it the oldest goes."""


class Refused(StreamsError):  # noqa: N818  named as the conversation names it
    """The service refuses this client: it has the wrong key, or none."""


class _Snapshot(msgspec.Struct):
    cache: str
    data: msgspec.Raw


class _Status(msgspec.Struct):
    status: str
    feed: str | None = None


_reply: Final = msgspec.json.Decoder(_Status)
_snapshot: Final = msgspec.json.Decoder(_Snapshot)
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
        self._key = key
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
        try:
            async with asyncio.timeout(self._timeout_s):
                self._connection = await connect(
                    self._url, max_size=MAX_MESSAGE_BYTES, compression=None, proxy=None
                )
            await self._authenticate()
            for feed in self._feeds:
                await self._ask("subscribe", feed)
        except InvalidURI:
            raise BadInputError(f"no WebSocket address: {self._url}") from None
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            raise UnavailableError(f"{self._url} does not answer: {error or type(error).__name__}") from None

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
        return bytes(_snapshot.decode(reply).data)

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

    async def _authenticate(self) -> None:
        if self._key is None:
            return
        request: dict[str, str | int] = {"action": "auth", "api_key": self._key.get_secret_value()}
        reply = await self._exchange(request, b'{"status":')
        status = _reply.decode(reply).status
        if status != "authorized":
            raise Refused(f"{self._url}: {status}")

    async def _ask(self, action: str, feed: str) -> None:
        reply = _reply.decode(await self._exchange({"action": action, "feed": feed}, b'{"status":'))
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
