"""A client's WebSocket as seen from above the server: frames go straight to the transport.

uvicorn's protocol frames each message anew for each client and lets one task wait for each. Here a frame is
made once for all its clients and written without a task, and a client that takes nothing can be cut off.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

EXTENSION: Final = "streams.wire"
"""Name of the ASGI extension that hands the wire to the application."""
GRACE_S: Final = 2.0
"""How long a client that is told to go may take, in seconds, before its connection is aborted."""


def text_frame(payload: bytes) -> bytes:
    """Return the unmasked, uncompressed text frame of a payload, which must be UTF-8."""
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


class Flow(Protocol):
    """What is told when the client stops taking data, and when it takes more."""

    def paused(self) -> None:
        """The transport's buffer is full."""

    def resumed(self) -> None:
        """The transport's buffer has room again."""


class Wire(WebSocketsSansIOProtocol):
    """One client's connection: uvicorn's protocol, opened to direct writes."""

    flow: Flow | None = None

    @property
    def writable_now(self) -> bool:
        """Whether the transport has room."""
        return self.writable.is_set()

    async def run_asgi(self) -> None:
        """Run the application, with this wire among the connection's extensions."""
        extensions = cast("dict[str, object]", self.scope["extensions"])
        extensions[EXTENSION] = self
        await super().run_asgi()

    def write(self, frames: bytes) -> None:
        """Send whole frames, unless the connection is about to close."""
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(frames)

    def finish(self, code: int, reason: str) -> None:
        """Tell the client why and close; abort if it has not gone after GRACE_S."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self._await_end(code, reason)

    def handle_parser_exception(self) -> None:
        """Tell the client what was wrong with its frame (1009 where it was too large).

        What it still sends is read and thrown away: closing at once would reset the connection, and the
        client might never see why.
        """
        closing = self.conn.close_sent
        if not self.close_sent and closing is not None:
            self._await_end(closing.code, closing.reason)

    def _await_end(self, code: int, reason: str) -> None:
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(GRACE_S, self.transport.abort)

    def shutdown(self) -> None:
        """Close as the server stops (1012), whether the client takes the news or not."""
        super().shutdown()
        if isinstance(self.transport, asyncio.Transport):
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
