"""Connections to the service, authenticated: made alike by every client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from streams.client import messages
from streams.client.refused import Refused
from streams.errors import BadInputError, UnavailableError

MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
"""Largest message that is taken: a long list's snapshot is one message."""
GOOD_BYE_S: Final = 2.0
"""Longest that the service may take to answer a close."""

Token = Callable[[], str | Awaitable[str]]
"""Returns a token that is valid now."""


class Link:
    """Makes connections.

    Args:
        url: Such as ``ws://localhost:4202/ws``.
        api_key: The client's key; neither it nor a token where the service needs none.
        token: Returns a token; called for each connection.
        timeout_s: Longest wait for a connection, and for the answer to a ping, in seconds: one that is half
            open is noticed after twice that.
        is_compressed: Whether the service is asked to compress what it sends.
    """

    def __init__(
        self,
        url: str,
        api_key: SecretStr | None,
        token: Token | None,
        timeout_s: float,
        is_compressed: bool,
    ) -> None:
        self._url = url
        self._api_key = api_key
        self._token = token
        self._timeout_s = timeout_s
        self._compression = "deflate" if is_compressed else None

    async def connect(self) -> ClientConnection:
        """Return a connection of which the service knows whose it is.

        Raises:
            Refused: The key or token is wrong.
            UnavailableError: The service does not answer, or there is no token to be had.
            BadInputError: The address is none of a WebSocket.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                credentials = await self._credentials()
                connection = await connect(
                    self._url,
                    max_size=MAX_MESSAGE_BYTES,
                    compression=self._compression,
                    ping_interval=self._timeout_s,
                    ping_timeout=self._timeout_s,
                    close_timeout=min(self._timeout_s, GOOD_BYE_S),
                    proxy=None,
                )
                try:
                    if credentials:
                        await self._authenticate(connection, credentials)
                except BaseException:
                    await connection.close()
                    raise
        except InvalidURI:
            raise BadInputError(f"no WebSocket address: {self._url}") from None
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            raise UnavailableError(f"{self._url} does not answer: {error or type(error).__name__}") from None
        except msgspec.DecodeError:
            raise UnavailableError(f"{self._url} does not answer as a widget data service does") from None
        return connection

    async def _credentials(self) -> dict[str, object]:
        if self._token is None:
            return {} if self._api_key is None else {"api_key": self._api_key.get_secret_value()}
        try:
            token = self._token()
            return {"token": await token if inspect.isawaitable(token) else token}
        except Exception as error:
            # Whatever its maker is about: it may have one the next time.
            raise UnavailableError(f"no token: {error or type(error).__name__}") from error

    async def _authenticate(self, connection: ClientConnection, credentials: dict[str, object]) -> None:
        await connection.send(messages.encode({"action": "auth", **credentials}))
        status = messages.decode(await connection.recv(decode=False)).status
        if status == "too many clients":
            raise UnavailableError(f"{self._url}: {status}")
        if status != "authorized":
            raise Refused(f"{self._url}: {status}")
