"""A client's WebSocket as seen from above the server: frames go straight to the transport.

uvicorn's protocol frames each message anew for each client and lets one task wait for each. Here a frame is
made once for all its clients and written without a task, and a client that takes nothing can be cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame

from streams.telemetry import Counters
from streams.wds.allowance import Allowance, Pace
from streams.wds.framing import SharedDeflate

EXTENSION: Final = "streams.wire"
"""Name of the ASGI extension that hands the wire to the application."""
GRACE_S: Final = 2.0
"""How long a client that is told to go may take, in seconds, before its connection is aborted."""
UNSENT_BYTES: Final = 128 * 1024
"""Most that the kernel takes for a client beyond what is under way to it."""
INVALID_DATA: Final = 1007
POLICY_VIOLATION: Final = 1008
NO_PONG: Final = 1011
BROKEN_RULES: Final = {1002: "bad frame", 1007: "not UTF-8", 1009: "message too large"}
"""Close codes that a client's frames are answered with, and what they are counted as."""

_SHARED_DEFLATE: Final = SharedDeflate()


class Flow(Protocol):
    """What is told when the client stops taking data, when it takes more, and when it has gone."""

    def paused(self) -> None:
        """The transport's buffer is full."""

    def resumed(self) -> None:
        """The transport's buffer has room again."""

    def close(self) -> None:
        """The connection is gone."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every wire.

    Attributes:
        compresses: Whether clients are offered compression.
        pace: Of frames that are no message: pings, pongs and fragments.
        counters: Counts ``refused`` and ``cut_off`` by reason.
    """

    compresses: bool
    pace: Pace
    counters: Counters


class Wire(WebSocketsSansIOProtocol):
    """One client's connection: uvicorn's protocol, opened to direct writes.

    Args:
        terms: What holds for every wire.
        config: uvicorn's.
        server_state: uvicorn's.
        app_state: uvicorn's.
        _loop: uvicorn's.
    """

    flow: Flow | None = None

    def __init__(
        self,
        terms: Terms,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._terms = terms
        self._allowance = Allowance(terms.pace)
        if terms.compresses:
            self.conn.available_extensions = [_SHARED_DEFLATE]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin. The kernel is to hold little: what waits here can still be replaced, or counted."""
        super().connection_made(transport)
        _hold_little(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that the client has gone: what it still asked for is not answered."""
        super().connection_lost(exc)
        if self.flow is not None:
            self.flow.close()

    @property
    def writable_now(self) -> bool:
        """Whether the transport has room."""
        return self.writable.is_set()

    @property
    def deflates(self) -> bool:
        """Whether the client has agreed to compressed frames."""
        return any(isinstance(extension, PerMessageDeflate) for extension in self.conn.extensions)

    async def run_asgi(self) -> None:
        """Run the application, with this wire among the connection's extensions."""
        extensions = cast("dict[str, object]", self.scope["extensions"])
        extensions[EXTENSION] = self
        await super().run_asgi()

    async def send(self, message: ASGISendEvent) -> None:
        """Send; a refusal that has been sent is all there is to say, for which uvicorn would log an error."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def write(self, frames: bytes) -> None:
        """Send whole frames, unless the connection is about to close."""
        # Hot: runs for each client of each message; this is _is_ending, written out.
        transport = self.transport
        if not (self.close_sent or self.disconnected or transport.is_closing()):
            transport.write(frames)

    def finish(self, code: int, reason: str) -> None:
        """Tell the client why and close; abort if it has not gone after GRACE_S."""
        if not self._is_ending:
            self.conn.send_close(code, reason)
            self._await_end(code, reason)

    def handle_parser_exception(self) -> None:
        """Tell the client what was wrong with its frame (1009 where it was too large).

        What it still sends is read and thrown away: closing at once would reset the connection, and the
        client might never see why.
        """
        closing = self.conn.close_sent
        if not self.close_sent and closing is not None:
            self._terms.counters.add("refused", reason=BROKEN_RULES.get(closing.code, "bad frame"))
            self._await_end(closing.code, closing.reason)

    def handle_events(self) -> None:
        """Handle what was received, unless the client has been told to go."""
        if self.close_sent and self.handshake_complete:
            # Its frames cost no more than reading them; the answer to our close is what counts.
            closing = [event for event in self.conn.events_received() if _is_close(event)]
            for event in closing:
                self.handle_close(cast(Frame, event))
            return
        super().handle_events()

    def handle_ping(self) -> None:
        """Answer a ping, unless the client does not take what it is sent."""
        if self._is_paced():
            pong = b"".join(self.conn.data_to_send())
            if self.writable_now:
                self.write(pong)

    def handle_pong(self, event: Frame) -> None:
        """Take a pong; nobody needs many."""
        if self._is_paced():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment; empty ones would never reach the limit of a message."""
        if self._is_paced():
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a message on. One of text that is no UTF-8 ends the connection: one line less in the log."""
        if self.curr_msg_data_type == "text" and not _is_utf8(b"".join(self.frames)):
            self.frames = []
            if not self._is_ending:
                self._terms.counters.add("refused", reason=BROKEN_RULES[INVALID_DATA])
                self.finish(INVALID_DATA, "text must be UTF-8")
            return
        super().send_receive_event_to_app()

    def keepalive_timeout(self) -> None:
        """Cut off a client that no longer answers pings: the connection is half open, or it hangs."""
        if self.read_paused:
            # Its requests wait for their turn, or for Redis: the answer may lie behind them, not read yet.
            self.pong_timer = self.loop.call_later(self.ping_timeout or 0.0, self.keepalive_timeout)
            return
        self.pong_timer = None
        self.pending_ping_payload = None
        if not self._is_ending:
            self._terms.counters.add("cut_off", reason="no answer to a ping")
            self.finish(NO_PONG, "no answer to a ping")

    def shutdown(self) -> None:
        """Close as the server stops (1012), whether the client takes the news or not."""
        super().shutdown()
        self.loop.call_later(GRACE_S, self.transport.abort)

    def pause_writing(self) -> None:
        """Pass on that the transport's buffer is full."""
        super().pause_writing()
        if self.flow is not None:
            self.flow.paused()

    def resume_writing(self) -> None:
        """Pass on that the transport's buffer has room again."""
        super().resume_writing()
        if self.flow is not None:
            self.flow.resumed()

    @property
    def _is_ending(self) -> bool:
        return self.close_sent or self.disconnected or self.transport.is_closing()

    def _is_paced(self) -> bool:
        if not self._is_ending and self._allowance.take() > 0:
            self._terms.counters.add("cut_off", reason="too many frames")
            self.finish(POLICY_VIOLATION, "too many frames")
        return not self._is_ending

    def _await_end(self, code: int, reason: str) -> None:
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(GRACE_S, self.transport.abort)


def _hold_little(transport: asyncio.BaseTransport) -> None:
    # By itself it takes megabytes for a client that does not read, and with many of them runs out of them.
    connection = transport.get_extra_info("socket")
    if connection is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def _is_close(event: object) -> bool:
    return isinstance(event, Frame) and event.opcode.name == "CLOSE"


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
