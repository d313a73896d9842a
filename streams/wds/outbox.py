"""What waits for one client: bounded, newest value per feed, so that a slow client costs nobody else."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, Self

from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.grants import EVERYTHING, Grant
from streams.wds.turn import Turn

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
        turn: Drains it.
        limits: Beyond any of them the client is cut off.
        counters: Counts ``sent``, ``conflated`` and ``cut_off`` by reason.
        deflates: Whether the client takes compressed frames.

    Attributes:
        grant: What the client may read.
    """

    def __init__(
        self, transport: Transport, turn: Turn, limits: Limits, counters: Counters, deflates: bool = False
    ) -> None:
        self.deflates = deflates
        self.grant: Grant = EVERYTHING
        self._transport = transport
        self._turn = turn
        self._limits = limits
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._order: deque[str | bytes] = deque()
        self._latest: dict[str, bytes] = {}
        self._size = 0
        self._scheduled = False
        self._closed = False
        self._takes = transport.writable_now
        self._stalled: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._room.set()

    def deliver(self, key: str, frame: bytes, latest: bool) -> None:
        """Let a feed's frame wait; a latest value replaces the one that waits."""
        # Hot: runs for each client of each message.
        if self._closed:
            return
        if latest:
            waiting = self._latest.get(key)
            self._latest[key] = frame
            if waiting is None:
                self._order.append(key)
            else:
                self._size -= len(waiting)
                self._counters.add("conflated")
        else:
            self._order.append(frame)
        self._size += len(frame)
        if self._takes and not self._scheduled:
            self._scheduled = True
            self._turn.add(self)
        elif self._size > self._limits.size or len(self._order) - len(self._latest) > self._limits.entries:
            self._relieve()

    @property
    def is_closed(self) -> bool:
        """Whether the connection is gone or going."""
        return self._closed

    @property
    def takes_data(self) -> bool:
        """Whether the client takes data."""
        return self._takes

    @property
    def load(self) -> float:
        """How much of what may wait does wait, by bytes or by entries: 0 to 1."""
        entries = len(self._order) - len(self._latest)
        return max(self._size / self._limits.size, entries / self._limits.entries)

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self._order)

    @property
    def waiting_bytes(self) -> int:
        """How much waits, as frames."""
        return self._size

    @property
    def stalled_s(self) -> float | None:
        """For how long the client has taken no data, in seconds; None while it takes some."""
        if self._stalled is None:
            return None
        return max(0.0, self._limits.slow_after_s - (self._stalled.when() - self._loop.time()))

    def waits(self, key: str) -> bool:
        """Tell whether a latest value of a feed waits."""
        return key in self._latest

    def reply(self, frame: bytes) -> None:
        """Send the reply to a request, after all that waits already."""
        if not self._closed:
            self._order.append(frame)
            self._size += len(frame)
            self._counters.add("sent", self._write())

    async def has_room(self) -> None:
        """Wait until the client takes data: requests are not read faster than replies are."""
        await self._room.wait()

    def finish(self, code: int, reason: str) -> None:
        """Send what waits, tell the client why, and close."""
        self._counters.add("sent", self._write())
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
        self._takes = False
        self._room.clear()
        if not self._closed and self._stalled is None:
            stalled: Callable[[str], None] = self._cut_off
            self._stalled = self._loop.call_later(self._limits.slow_after_s, stalled, "takes no data")

    def resumed(self) -> None:
        """Go on: the client takes data again."""
        self._takes = True
        self._room.set()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        if self._order and not self._scheduled:
            self._scheduled = True
            self._turn.add(self)

    def drain(self) -> int:
        """Write what waits, as far as the client takes it; return how many frames that were."""
        self._scheduled = False
        return self._write()

    def _write(self) -> int:
        # Hot: runs for each client of each message.
        order = self._order
        if len(order) == 1 and self._takes:
            entry = order.popleft()
            self._size = 0
            self._transport.write(entry if isinstance(entry, bytes) else self._latest.pop(entry))
            return 1
        sent = 0
        while order and self._takes:
            frames = self._take_all() if self._size <= WRITE_BYTES else self._take_some()
            self._transport.write(self._turn.joined(frames))
            sent += len(frames)
        return sent

    def _take_all(self) -> list[bytes]:
        order, latest = self._order, self._latest
        # Most often all are of one kind: then no look at each is needed.
        frames: list[Any] = [*order]
        if len(latest) == len(order):
            frames = [*latest.values()]
        elif latest:
            frames = [entry if isinstance(entry, bytes) else latest[entry] for entry in order]
        order.clear()
        latest.clear()
        self._size = 0
        return frames

    def _take_some(self) -> list[bytes]:
        frames: list[bytes] = []
        size = 0
        while self._order and size < WRITE_BYTES:
            entry = self._order.popleft()
            frame = entry if isinstance(entry, bytes) else self._latest.pop(entry)
            frames.append(frame)
            size += len(frame)
        self._size -= size
        return frames

    def _relieve(self) -> None:
        # What came within one turn may be much: only what a client does not take counts.
        self._counters.add("sent", self._write())
        if self._size > self._limits.size:
            self._cut_off("too many bytes wait")
        elif len(self._order) - len(self._latest) > self._limits.entries:
            self._cut_off("too many entries wait")

    def _cut_off(self, reason: str) -> None:
        self._counters.add("cut_off", reason=reason)
        self.close()
        self._turn.depart(partial(self._transport.finish, TRY_AGAIN_LATER, f"too slow: {reason}"))
