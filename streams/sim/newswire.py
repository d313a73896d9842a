"""Finlight's WebSocket protocol: a key in the handshake, one filter, admission, articles, pings.

``/`` is the enhanced stream, ``/raw`` the raw one. A key has one connection: a further one is refused (429),
unless it asks to take over (``x-takeover``); then the one before is told and closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import time
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from pydantic import SecretStr
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from streams.sim.articles import SimArticle
from streams.sim.faults import Faults
from streams.sim.frames import Frame
from streams.sim.gate import Gate
from streams.sim.hub import Hub
from streams.sim.news_frames import ARTICLE, FilterRequest, NewsFilter, NewsFrame
from streams.sim.pacing import Pacer
from streams.sim.ports import listen
from streams.sim.sent import SentLog
from streams.sim.session import Session

PATHS: Final = {"/": False, "/raw": True}
"""The streams by path; true for the raw one."""
OUTBOX_BYTES: Final = 16 * 1024 * 1024
FILTER_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 2.0
TRY_AGAIN_LATER: Final = 1013


class NewsSession(Session):
    """One admitted connection."""

    def __init__(self, connection: ServerConnection, sent: SentLog, wanted: NewsFilter) -> None:
        super().__init__(connection, sent, OUTBOX_BYTES)
        self.subscriptions = wanted

    async def cut_off(self, timeout_s: float = 1.0) -> None:
        """End the connection of a client that is too slow."""
        await asyncio.wait(
            [asyncio.ensure_future(self.close(TRY_AGAIN_LATER, "slow consumer"))], timeout=timeout_s
        )


class Newswire:
    """Finlight on this machine. An async context manager that listens while it is entered.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        api_key: The only key that is let in; None lets any in.
        articles: The live stream, or a recording.
        speed: Event time for real time; 0 for as fast as it goes.
        is_recorded: Whether the stream waits for its clients instead of passing by.
        gate: Holds it; None for nothing that does.
    """

    def __init__(
        self,
        host: str,
        port: int,
        api_key: SecretStr | None,
        articles: Iterable[SimArticle],
        *,
        speed: float,
        is_recorded: bool = False,
        gate: Gate | None = None,
    ) -> None:
        self.hub = Hub()
        self.faults = Faults(self.hub)
        self.sent = SentLog()
        self.finished = asyncio.Event()
        self.address = ""
        self._where = (host, port)
        self._api_key = api_key
        self._articles = articles
        self._pacer = Pacer(speed)
        self._is_recorded = is_recorded
        self._gate = gate or Gate(is_open=True)
        self._seats: dict[str, tuple[ServerConnection, asyncio.Event]] = {}
        self._decode = msgspec.json.Decoder(FilterRequest).decode
        self._server: Server | None = None
        self._source: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The enhanced stream's address; the raw one's has ``/raw`` behind it."""
        return f"ws://{self.address}"

    def status(self) -> dict[str, Any]:
        """Return what the newswire does: clock (ms), articles sent, clients."""
        return {
            "clock_ms": self._pacer.clock_ms,
            "articles_sent": self.sent.by_type[ARTICLE],
            "clients": len(self.hub.sessions()),
            "sessions": self.hub.counters.by_reason("sessions"),
            "finished": self.finished.is_set(),
            "holding": self._gate.is_holding,
        }

    async def __aenter__(self) -> Self:
        """Start to listen and to send.

        Raises:
            UnavailableError: The port is taken.
        """
        socket = listen(*self._where)
        host, port = socket.getsockname()[:2]
        self.address = f"{host}:{port}"
        self._server = await serve(
            self._serve,
            sock=socket,
            process_request=self._admit,
            close_timeout=CLOSE_TIMEOUT_S,
            server_header=None,
        )
        self._source = asyncio.create_task(self._send())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections and stop to listen."""
        await self.faults.stop()
        if self._source is not None:
            self._source.cancel()
            await asyncio.gather(self._source, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _send(self) -> None:
        for article in self._articles:
            if await self._gate.enter():
                self._pacer.start_anew()
            await self._pacer.until(article.due_ms)
            await self.faults.clear_to_send()
            frame: Frame = NewsFrame(article.due_ms, article.fields)
            await (self.hub.deliver(frame) if self._is_recorded else self.hub.publish(frame))
            await asyncio.sleep(0)
        self.finished.set()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        key = request.headers.get("x-api-key", "")
        if self.faults.refuse:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "refused on demand\n")
        if request.path not in PATHS:
            return connection.respond(HTTPStatus.NOT_FOUND, "no such stream\n")
        if not self._lets_in(key):
            self.hub.counters.add("sessions", reason="auth_failed")
            return connection.respond(HTTPStatus.UNAUTHORIZED, "unknown key\n")
        takes_over = request.headers.get("x-takeover") == "true"
        if self.faults.max_connections or (key in self._seats and not takes_over):
            self.hub.counters.add("sessions", reason="max_connections")
            return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "the key has its connection\n")
        return None

    def _lets_in(self, key: str) -> bool:
        if self.faults.auth_failure or not key:
            return False
        expected = self._api_key
        return expected is None or hmac.compare_digest(key.encode(), expected.get_secret_value().encode())

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None  # noqa: S101  it was admitted by it
        key, path = connection.request.headers["x-api-key"], connection.request.path
        lease, left = uuid.uuid4().hex, asyncio.Event()
        before, self._seats[key] = self._seats.get(key), (connection, left)
        try:
            if before is not None:
                await self._preempt(*before, lease)
            await self._talk(connection, lease, is_raw=PATHS[path])
        except (ConnectionClosed, TimeoutError):
            return
        finally:
            left.set()
            if self._seats.get(key) == (connection, left):
                del self._seats[key]

    async def _preempt(self, connection: ServerConnection, left: asyncio.Event, lease: str) -> None:
        message = {"action": "preempted", "reason": "takeover", "newLeaseId": lease}
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await connection.send(json.dumps(message))
                await connection.close()
                await left.wait()

    async def _talk(self, connection: ServerConnection, lease: str, *, is_raw: bool) -> None:
        async with asyncio.timeout(FILTER_TIMEOUT_S):
            message = await connection.recv()
        try:
            request = self._decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError):
            await connection.send(json.dumps({"action": "error", "data": "invalid request"}))
            return
        admission = {
            "action": "admit",
            "leaseId": lease,
            "serverNow": int(time.time() * 1000),
            "clientNonce": request.clientNonce,
        }
        await connection.send(json.dumps(admission))
        session = NewsSession(connection, self.sent, NewsFilter(request, is_raw=is_raw))
        outbox = asyncio.create_task(session.run_outbox())
        self.hub.counters.add("sessions", reason="authenticated")
        self.hub.add(session)
        self.hub.subscriptions_changed()
        try:
            async for text in connection:
                await _answer(connection, text)
        finally:
            self.hub.remove(session)
            outbox.cancel()
            await asyncio.wait([outbox])


async def _answer(connection: ServerConnection, text: str | bytes) -> None:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if isinstance(message, dict) and message.get("action") == "ping":
        await connection.send(json.dumps({"action": "pong", "t": message.get("t")}))
    else:
        await connection.send(json.dumps({"action": "error", "data": "unknown action"}))
