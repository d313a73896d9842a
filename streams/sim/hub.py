"""The sessions of the simulated WebSocket, and how frames reach them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from streams.sim.frames import Frame
from streams.sim.session import Session
from streams.telemetry import Counters


class Hub:
    """Delivers frames to the sessions, live or without loss.

    Attributes:
        counters: ``sessions`` by what became of them.
    """

    def __init__(self) -> None:
        self.counters = Counters()
        self._sessions: set[Session] = set()
        self._changed = asyncio.Event()
        self._between_frames = asyncio.Lock()
        self._farewells: set[asyncio.Task[None]] = set()

    def add(self, session: Session) -> None:
        """Let a session take part; it gets frames once it has subscribed."""
        self._sessions.add(session)

    def remove(self, session: Session) -> None:
        """Forget a session."""
        session.gone = True
        self._sessions.discard(session)

    def subscriptions_changed(self) -> None:
        """Wake who waits for a subscriber."""
        self._changed.set()

    def sessions(self) -> list[Session]:
        """Return the sessions that are there."""
        return [session for session in self._sessions if not session.gone]

    def has_subscribers(self) -> bool:
        """Tell whether any client has subscribed anything."""
        return any(self._subscribed())

    async def publish(self, frame: Frame) -> None:
        """Queue a frame for all subscribers; one whose outbox is full is cut off."""
        async with self._between_frames:
            for session in self._subscribed():
                if not session.offer(frame):
                    self._cut_off(session)

    async def deliver(self, frame: Frame) -> None:
        """Send a frame to all subscribers, waiting for them; where there is none, for one to come.

        What a connection has not taken goes to the next, a frame during whose sending the connection ends
        included: it comes twice where it had arrived all the same. What was handed to the socket of a
        connection that is then reset is lost, for nobody acknowledges it.
        """
        while True:
            await self.wait_for_subscriber()
            async with self._between_frames:
                taken = [await session.take(frame) for session in self._subscribed()]
            if any(taken):
                return

    async def wait_for_subscriber(self) -> None:
        """Wait until a client has subscribed."""
        while not self.has_subscribers():
            self._changed.clear()
            await self._changed.wait()

    async def inject(self, payload: bytes, *, text: bool) -> int:
        """Send a message verbatim to all sessions; return to how many."""
        async with self._between_frames:
            sessions = self.sessions()
            for session in sessions:
                await session.send_raw(payload, text=text)
        return len(sessions)

    async def hang_up(self, *, flush: bool) -> int:
        """End all TCP connections between two frames; return how many there were."""
        sessions = await self._release("dropped")
        await asyncio.gather(*(session.hang_up(flush=flush) for session in sessions))
        return len(sessions)

    async def close(self, code: int = 1000) -> int:
        """Close all connections cleanly between two frames; return how many there were."""
        sessions = await self._release("closed")
        await asyncio.gather(*(session.close(code) for session in sessions))
        return len(sessions)

    async def cut_off(self) -> int:
        """Cut all clients off as slow consumers; return how many there were."""
        sessions = await self._release("slow_consumer")
        await asyncio.gather(*(session.cut_off() for session in sessions))
        return len(sessions)

    async def _release(self, reason: str, timeout_s: float = 1.0) -> list[Session]:
        """Return the sessions, none of them in the middle of a frame unless it holds one for too long."""
        held = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                held = await self._between_frames.acquire()
        try:
            sessions = self.sessions()
            for session in sessions:
                session.gone = True
                self.remove(session)
        finally:
            if held:
                self._between_frames.release()
        if sessions:
            self.counters.add("sessions", len(sessions), reason)
        return sessions

    def _cut_off(self, session: Session) -> None:
        self.remove(session)
        self.counters.add("sessions", reason="slow_consumer")
        farewell = asyncio.create_task(session.cut_off())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    def _subscribed(self) -> Iterator[Session]:
        return (session for session in list(self._sessions) if session.subscriptions and not session.gone)
