"""Where a simulator's frames come from: the synthetic market, or a recording."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Final, Protocol

from streams.sim.faults import Faults
from streams.sim.frames import TapeFrame
from streams.sim.gate import Gate
from streams.sim.hub import Hub
from streams.sim.pacing import Pacer
from streams.sim.recording import Recording
from streams.sim.tape import Tape

FRAMES_A_SECOND: Final = 20.0
"""Fewest frames a second of real time: an event waits no longer than 50 ms for its frame."""


class Source(Protocol):
    """A stream of frames that runs until it is finished or cancelled."""

    async def run(self) -> None:
        """Send the stream."""


class LiveSource:
    """The synthetic market: it goes on whether anybody listens or not.

    The next market second is written by a thread while this one is sent.

    Attributes:
        rate: Events per second of real time in regular trading; may be changed at any time.
    """

    def __init__(
        self, tape: Tape, hub: Hub, pacer: Pacer, faults: Faults, *, rate: float, speed: float
    ) -> None:
        self.rate = rate
        self._tape = tape
        self._hub = hub
        self._pacer = pacer
        self._faults = faults
        self._speed = speed

    async def run(self) -> None:
        """Send the market, without end."""
        ahead = self._next_second()
        try:
            while True:
                frames = await asyncio.shield(ahead)
                ahead = self._next_second()
                for frame in frames:
                    await self._pacer.until(frame.due_ms)
                    await self._faults.clear_to_send()
                    await self._hub.publish(frame)
                    await asyncio.sleep(0)
        finally:
            await asyncio.wait([ahead])

    def _next_second(self) -> asyncio.Task[list[TapeFrame]]:
        min_frames = max(1, round(FRAMES_A_SECOND / self._speed))
        events = self.rate / self._speed
        return asyncio.create_task(asyncio.to_thread(self._tape.next_second, events, min_frames))


class ReplaySource:
    """A recording: it starts when a client has subscribed, and waits for its clients.

    Attributes:
        rounds: How often the recording was played to its end.
    """

    def __init__(
        self, recording: Recording, hub: Hub, pacer: Pacer, faults: Faults, gate: Gate, *, loop: bool
    ) -> None:
        self.rounds = 0
        self._recording = recording
        self._hub = hub
        self._pacer = pacer
        self._faults = faults
        self._gate = gate
        self._loop = loop

    async def run(self) -> None:
        """Send the recording, once or in a loop.

        Raises:
            BadInputError: The file cannot be read on.
        """
        while True:
            await self._hub.wait_for_subscriber()
            await self._play()
            self.rounds += 1
            if not self._loop:
                return

    async def _play(self) -> None:
        async with aclosing(self._recording.frames()) as frames:
            async for frame in frames:
                if await self._gate.enter():
                    self._pacer.start_anew()
                await self._pacer.until(frame.due_ms)
                await self._faults.clear_to_send()
                await self._hub.deliver(frame)
