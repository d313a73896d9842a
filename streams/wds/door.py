"""Where connections come in: uvicorn's HTTP protocol, with limits on a request's and a reply's time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from streams.telemetry import Counters
from streams.wds.wire import Flow

EXTENSION: Final = "streams.door"
"""Name of the ASGI extension that hands the door to the application."""
MAX_REQUEST_BYTES: Final = 64 * 1024
"""Most that a request may hold, its headers included: the WDS takes nothing longer."""
WAITING: Final = 1_024
"""Connections beyond the most clients that may be there while they are still asking to come in."""


@dataclass(frozen=True, slots=True)
class Hours:
    """What holds for every connection.

    Attributes:
        request_s: Longest that a request may take to arrive.
        stall_s: Longest that a client may take nothing of a reply.
        connections: Most connections at a time.
        counters: Counts ``refused`` by reason.
        request_bytes: Most that a request may hold, its headers included.
    """

    request_s: float
    stall_s: float
    connections: int
    counters: Counters
    request_bytes: int = MAX_REQUEST_BYTES


class Door(HttpToolsProtocol):
    """One connection until it becomes a WebSocket, or one whose reply is a stream of events.

    Args:
        hours: What holds for every connection.
        config: uvicorn's.
        server_state: uvicorn's.
        app_state: uvicorn's.
        _loop: uvicorn's.

    Attributes:
        receiver: Of a reply that has no end: told when the client stops taking data, and when it takes more.
    """

    receiver: Flow | None = None

    def __init__(
        self,
        hours: Hours,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._hours = hours
        self._received = 0
        self._is_in_body = False
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    @property
    def writable_now(self) -> bool:
        """Whether the transport has room."""
        return not self.flow.write_paused

    @property
    def _is_answered(self) -> bool:
        return self._is_in_body and self.cycle is not None and bool(self.cycle.response_complete)

    def write(self, data: bytes) -> None:
        """Send a part of a reply that has no end (RFC 9112, 7.1)."""
        if not self.transport.is_closing():
            self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def abort(self) -> None:
        """End the connection at once."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock, or refuse one connection too many."""
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > self._hours.connections:
            self._refuse("too many connections")
        else:
            self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._stop_clock()
        self._go_on()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the clock: the client takes nothing."""
        super().pause_writing()
        if self.receiver is not None:
            self.receiver.paused()
        elif self._stalled is None:
            self._stalled = self.loop.call_later(self._hours.stall_s, self._refuse, "takes no data")

    def resume_writing(self) -> None:
        """Stop the clock: it does."""
        super().resume_writing()
        self._go_on()
        if self.receiver is not None:
            self.receiver.resumed()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; what follows an answer is dropped: its sender can read the answer."""
        self._received += len(data)
        if self._received > self._hours.request_bytes and not self._is_answered:
            self._refuse("request too large")
            return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Start the clock for a further request of the same connection."""
        if self._deadline is None:
            self._start_clock()
        super().on_message_begin()
        extensions = cast("dict[str, object]", self.scope.setdefault("extensions", {}))
        extensions[EXTENSION] = self

    def on_headers_complete(self) -> None:
        """A body follows, which may be long."""
        super().on_headers_complete()
        self._is_in_body = True

    def on_message_complete(self) -> None:
        """The request is there."""
        self._is_in_body = False
        self._stop_clock()
        self._received = 0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection to the WebSocket's protocol."""
        self._stop_clock()
        super().handle_websocket_upgrade()

    def _start_clock(self) -> None:
        self._deadline = self.loop.call_later(self._hours.request_s, self._refuse, "no request in time")

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _go_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _refuse(self, reason: str) -> None:
        self._stop_clock()
        if not self.transport.is_closing():
            self._hours.counters.add("refused", reason=reason)
            self.transport.abort()
