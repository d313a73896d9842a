"""Massive's WebSocket protocol: connect, authenticate, subscribe, receive."""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from streams.sim.faults import Faults
from streams.sim.hub import Hub
from streams.sim.options import SimOptions
from streams.sim.ports import listen
from streams.sim.sent import SentLog
from streams.sim.session import POLICY_VIOLATION, Session, status, status_event
from streams.sim.subscriptions import is_channel

MARKETS: Final = frozenset({"stocks", "options", "forex", "crypto", "indices"})
"""What a path may name; all of them carry the same stream."""
AUTH_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 2.0
WRITE_BUFFER: Final = 256 * 1024
"""Bytes that a connection buffers before sending waits for the client."""


class ClientRequest(msgspec.Struct):
    """What a client sends."""

    action: str
    params: str = ""


class StreamServer:
    """Serves the stream to clients that speak the vendor's protocol.

    Args:
        options: Host, port, key and limits.
        hub: Where authenticated clients get their frames.
        faults: Lasting faults.
        sent: Where is noted what was sent.
    """

    def __init__(self, options: SimOptions, hub: Hub, faults: Faults, sent: SentLog) -> None:
        self._options = options
        self._hub = hub
        self._faults = faults
        self._sent = sent
        self._taken: Counter[tuple[str, str]] = Counter()
        self._decode = msgspec.json.Decoder(ClientRequest).decode
        self._server: Server | None = None
        self.address = ""

    async def __aenter__(self) -> Self:
        """Start to listen.

        Raises:
            UnavailableError: The port is taken.
        """
        socket = listen(self._options.host, self._options.ws_port)
        host, port = socket.getsockname()[:2]
        self.address = f"{host}:{port}"
        self._server = await serve(
            self._serve,
            sock=socket,
            process_request=self._admit,
            compression="deflate" if self._options.deflate else None,
            close_timeout=CLOSE_TIMEOUT_S,
            write_limit=WRITE_BUFFER,
            server_header=None,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections and stop to listen."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._faults.refuse:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "refused on demand\n")
        if request.path.strip("/") not in MARKETS:
            return connection.respond(HTTPStatus.NOT_FOUND, "no such market\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        try:
            await self._talk(connection)
        except ConnectionClosed:
            return

    async def _talk(self, connection: ServerConnection) -> None:
        await _say(connection, "connected", "Connected Successfully")
        key = await self._authenticate(connection)
        if key is None:
            return
        market = connection.request.path.strip("/") if connection.request else ""
        seat = (key, market)
        if self._faults.max_connections or self._taken[seat] >= self._options.max_connections:
            self._hub.counters.add("sessions", reason="max_connections")
            await _say(connection, "max_connections", "Maximum number of websocket connections exceeded.")
            await connection.close(POLICY_VIOLATION, "max_connections")
            return
        self._taken[seat] += 1
        try:
            await self._run(connection)
        finally:
            self._taken[seat] -= 1
            if not self._taken[seat]:
                del self._taken[seat]

    async def _authenticate(self, connection: ServerConnection) -> str | None:
        """Return the client's key; None where it has none that is let in, and the connection is closed."""
        try:
            async with asyncio.timeout(AUTH_TIMEOUT_S):
                while True:
                    request = await self._receive(connection)
                    if request is None:
                        continue
                    if request.action == "auth":
                        break
                    await _say(connection, "error", "not authenticated")
        except TimeoutError:
            await _say(connection, "auth_timeout", "authentication timed out")
            await connection.close(POLICY_VIOLATION, "auth_timeout")
            return None
        if not self._lets_in(request.params):
            self._hub.counters.add("sessions", reason="auth_failed")
            await _say(connection, "auth_failed", "authentication failed")
            await connection.close(POLICY_VIOLATION, "auth_failed")
            return None
        return request.params

    def _lets_in(self, key: str) -> bool:
        if self._faults.auth_failure or not key:
            return False
        expected = self._options.api_key
        return expected is None or hmac.compare_digest(key.encode(), expected.get_secret_value().encode())

    async def _run(self, connection: ServerConnection) -> None:
        session = Session(connection, self._sent, self._options.outbox_bytes)
        outbox = asyncio.create_task(session.run_outbox())
        self._hub.add(session)
        self._hub.counters.add("sessions", reason="authenticated")
        try:
            await _say(connection, "auth_success", "authenticated")
            while True:
                request = await self._receive(connection)
                if request is not None:
                    await self._answer(connection, session, request)
        finally:
            self._hub.remove(session)
            outbox.cancel()
            await asyncio.wait([outbox])

    async def _receive(self, connection: ServerConnection) -> ClientRequest | None:
        """Return the client's next request; None for a message that is none, which is answered."""
        message = await connection.recv()
        try:
            return self._decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError):
            await _say(connection, "error", "invalid message")
            return None

    async def _answer(self, connection: ServerConnection, session: Session, request: ClientRequest) -> None:
        channels = [channel.strip() for channel in request.params.split(",") if channel.strip()]
        match request.action:
            case "subscribe":
                # Answered before it takes effect: the status comes before the first event, as at the vendor.
                await _reply(connection, [_subscribed(channel) for channel in channels])
                for channel in filter(is_channel, channels):
                    session.subscriptions.add(channel)
                self._hub.subscriptions_changed()
            case "unsubscribe":
                removed = [(channel, session.subscriptions.remove(channel)) for channel in channels]
                await _reply(connection, [_unsubscribed(channel, known=known) for channel, known in removed])
            case "auth":
                await _say(connection, "auth_success", "already authenticated")
            case _:
                await _say(connection, "error", "invalid action")


def _subscribed(channel: str) -> dict[str, str]:
    if is_channel(channel):
        return status_event("success", f"subscribed to: {channel}")
    return status_event("error", f"invalid channel: {channel}")


def _unsubscribed(channel: str, *, known: bool) -> dict[str, str]:
    if known:
        return status_event("success", f"unsubscribed to: {channel}")
    return status_event("error", f"not subscribed to: {channel}")


async def _reply(connection: ServerConnection, events: list[dict[str, str]]) -> None:
    if events:
        await connection.send(msgspec.json.encode(events), text=True)


async def _say(connection: ServerConnection, kind: str, message: str) -> None:
    await connection.send(status(kind, message), text=True)
