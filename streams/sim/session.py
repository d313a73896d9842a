"""One client of the simulated WebSocket: what it gets, and how far behind it may fall."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from streams.sim.frames import Frame, Selection
from streams.sim.sent import SentLog
from streams.sim.subscriptions import Subscriptions

POLICY_VIOLATION: Final = 1008
SLOW_CONSUMER: Final = "slow_consumer"


def status(kind: str, message: str) -> bytes:
    """Return a status message as the vendor words it."""
    return msgspec.json.encode([status_event(kind, message)])


def status_event(kind: str, message: str) -> dict[str, str]:
    """Return one status event."""
    return {"ev": "status", "status": kind, "message": message}


class Session:
    """An authenticated connection.

    Args:
        connection: The WebSocket.
        sent: Where is noted what was sent.
        outbox_bytes: How much may wait for the client before it is cut off.

    Attributes:
        gone: Whether the connection has ended, or is ending.
    """

    def __init__(self, connection: ServerConnection, sent: SentLog, outbox_bytes: int) -> None:
        self.subscriptions = Subscriptions()
        self.gone = False
        self._connection = connection
        self._sent = sent
        self._outbox: deque[tuple[Frame, Selection]] = deque()
        self._outbox_bytes = 0
        self._outbox_bound = outbox_bytes
        self._wake = asyncio.Event()

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for the client here, beside what its socket holds."""
        return self._outbox_bytes

    def offer(self, frame: Frame) -> bool:
        """Queue a frame for the client; return False where the outbox has no room for it."""
        selection = frame.select(self.subscriptions)
        if selection is None:
            return True
        size = len(selection[0])
        if self._outbox_bytes + size > self._outbox_bound and self._outbox:
            return False
        self._outbox.append((frame, selection))
        self._outbox_bytes += size
        self._wake.set()
        return True

    async def run_outbox(self) -> None:
        """Send what is queued until the connection is gone."""
        while not self.gone:
            if not self._outbox:
                self._wake.clear()
                await self._wake.wait()
                continue
            frame, selection = self._outbox.popleft()
            self._outbox_bytes -= len(selection[0])
            if not await self._send(frame, selection):
                return

    async def take(self, frame: Frame) -> bool:
        """Send a frame now, waiting for the client; return False where the connection is gone."""
        selection = frame.select(self.subscriptions)
        return selection is None or await self._send(frame, selection)

    async def send_raw(self, payload: bytes, *, text: bool) -> None:
        """Send a message verbatim."""
        try:
            await self._connection.send(payload, text=text)
        except ConnectionClosed:
            self.gone = True

    async def hang_up(self, *, flush: bool, timeout_s: float = 5.0) -> None:
        """End the TCP connection without a closing handshake.

        Args:
            flush: Whether what was handed to the socket still goes out; else it is reset.
            timeout_s: How long a client may take to read what is flushed.
        """
        self._leave()
        if flush:
            self._connection.transport.close()
            await asyncio.wait([asyncio.ensure_future(self._connection.wait_closed())], timeout=timeout_s)
        self._connection.transport.abort()
        await self._connection.wait_closed()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection with a handshake, within the server's close timeout."""
        self._leave()
        await self._connection.close(code, reason)

    async def cut_off(self, timeout_s: float = 1.0) -> None:
        """Tell the client that it is too slow, if it still listens, and end the connection."""
        self._leave()
        try:
            async with asyncio.timeout(timeout_s):
                await self._connection.send(
                    status(SLOW_CONSUMER, "client is not consuming messages fast enough"), text=True
                )
                await self._connection.close(POLICY_VIOLATION, SLOW_CONSUMER)
        except (TimeoutError, ConnectionClosed):
            self._connection.transport.abort()

    def _leave(self) -> None:
        self.gone = True
        self._outbox.clear()
        self._outbox_bytes = 0
        self._wake.set()

    async def _send(self, frame: Frame, selection: Selection) -> bool:
        if self.gone:
            return False
        payload, counts = selection
        try:
            await self._connection.send(payload, text=frame.is_text)
        except ConnectionClosed:
            self.gone = True
            return False
        self._sent.record(frame, counts)
        return True
