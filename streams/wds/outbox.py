"""What waits for one client: bounded, newest value per feed, so that a slow client costs nobody else."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, Self

from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.grants import EVERYTHING, Grant

WRITE_BYTES: Final = 64 * 1024
"""Frames are joined into writes of about this size."""
TRY_AGAIN_LATER: Final = 1013
"""WebSocket close code for a client that cannot keep up: it may come back."""


class Transport(Protocol):
    """Where the frames go."""

    @property
    def deflates(self) -> bool:
        """Whether the client takes compressed frames."""

    @property
    def writable_now(self) -> bool:
        """Whether it has room."""

    def write(self, frames: bytes) -> None:
        """Send whole frames."""

    def finish(self, code: int, reason: str) -> None:
        """Tell the client why and close."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a client may stay behind: bytes and list entries that wait, and seconds without progress."""

    size: int
    entries: int
    slow_after_s: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings name."""
        return cls(settings.wds_outbox_bytes, settings.wds_outbox_entries, settings.wds_slow_after_s)


class Outbox:
    """One client's frames, in order; a newer value takes the place of the one that waits for the same feed.

    Frames that come within one turn of the event loop go out in one write.

    Args:
        transport: The client's connection.
        limits: Beyond any of them the client is cut off.
        counters: Counts ``sent``, ``conflated`` and ``cut_off`` by reason.
        deflates: Whether the client takes compressed frames.

    Attributes:
        grant: What the client may read.
    """

    def __init__(
        self, transport: Transport, limits: Limits, counters: Counters, deflates: bool = False
    ) -> None:
        self.deflates = deflates
        self.grant: Grant = EVERYTHING
        self._transport = transport
        self._limits = limits
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._order: deque[str | bytes] = deque()
        self._latest: dict[str, bytes] = {}
        self._size = 0
        self._scheduled = False
        self._closed = False
        self._stalled: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._room.set()

    def deliver(self, key: str, frame: bytes, latest: bool) -> None:
        """Let a feed's frame wait; a latest value replaces the one that waits."""
        if self._closed:
            return
        waiting = self._latest.get(key) if latest else None
        self._size += len(frame) - (len(waiting) if waiting is not None else 0)
        if waiting is not None:
            self._counters.add("conflated")
        elif latest:
            self._order.append(key)
        else:
            self._order.append(frame)
        if latest:
            self._latest[key] = frame
        if self._size > self._limits.size:
            self._cut_off("too many bytes wait")
        elif len(self._order) - len(self._latest) > self._limits.entries:
            self._cut_off("too many entries wait")
        else:
            self._schedule()

    @property
    def takes_data(self) -> bool:
        """Whether the client takes data."""
        return self._room.is_set()

    @property
    def load(self) -> float:
        """How much of what may wait does wait, by bytes or by entries: 0 to 1."""
        entries = len(self._order) - len(self._latest)
        return max(self._size / self._limits.size, entries / self._limits.entries)

    def waits(self, key: str) -> bool:
        """Tell whether a latest value of a feed waits."""
        return key in self._latest

    def reply(self, frame: bytes) -> None:
        """Send the reply to a request, after all that waits already."""
        self._order.append(frame)
        self._size += len(frame)
        self._drain()

    async def has_room(self) -> None:
        """Wait until the client takes data: requests are not read faster than replies are."""
        await self._room.wait()

    def finish(self, code: int, reason: str) -> None:
        """Send what waits, tell the client why, and close."""
        self._drain()
        self._transport.finish(code, reason)
        self.close()

    def close(self) -> None:
        """Forget what waits: the connection is gone or going."""
        self._closed = True
        self._order.clear()
        self._latest.clear()
        self._room.set()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def paused(self) -> None:
        """Start the clock: the client takes no data."""
        self._room.clear()
        if not self._closed and self._stalled is None:
            stalled: Callable[[str], None] = self._cut_off
            self._stalled = self._loop.call_later(self._limits.slow_after_s, stalled, "takes no data")

    def resumed(self) -> None:
        """Go on: the client takes data again."""
        self._room.set()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._drain)

    def _drain(self) -> None:
        self._scheduled = False
        order, latest = self._order, self._latest
        while order and self._transport.writable_now:
            frames: list[bytes] = []
            size = 0
            while order and size < WRITE_BYTES:
                entry = order.popleft()
                frame = latest.pop(entry) if isinstance(entry, str) else entry
                frames.append(frame)
                size += len(frame)
            self._transport.write(b"".join(frames))
            self._size -= size
            self._counters.add("sent", len(frames))

    def _cut_off(self, reason: str) -> None:
        self._counters.add("cut_off", reason=reason)
        self._transport.finish(TRY_AGAIN_LATER, f"too slow: {reason}")
        self.close()
