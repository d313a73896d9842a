"""Faults on demand: what a vendor's connection can do to its client."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from streams.sim.hub import Hub

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class FaultKind(StrEnum):
    """What can go wrong."""

    DROP = "drop"
    """The TCP connection ends without a closing handshake; what was sent before still arrives."""
    ABORT = "abort"
    """The TCP connection is reset; what was on its way is lost."""
    CLOSE = "close"
    """The connection is closed cleanly, with code 1000."""
    DROP_EVERY = "drop_every"
    """Drops every ``every`` seconds, for ``seconds``."""
    SLOW_CONSUMER = "slow_consumer"
    """The client is cut off as too slow."""
    STALL = "stall"
    """Nothing is sent for ``seconds``; afterwards the stream goes on where it stood."""
    AUTH_FAILURE = "auth_failure"
    """Every key is refused while ``on``."""
    MAX_CONNECTIONS = "max_connections"
    """Every connection is one too many while ``on``."""
    REFUSE = "refuse"
    """New connections are refused with HTTP 503 while ``on``."""


class FaultRequest(BaseModel):
    """A fault to make. Times are seconds; ``on`` switches a lasting one on or off."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    on: bool = True
    seconds: Seconds = 10.0
    every: Seconds = 2.0


class Faults:
    """Makes faults, and knows which ones last.

    Attributes:
        auth_failure, max_connections, refuse: Whether these last.
    """

    def __init__(self, hub: Hub) -> None:
        self.auth_failure = False
        self.max_connections = False
        self.refuse = False
        self._hub = hub
        self._running = asyncio.Event()
        self._running.set()
        self._tasks: dict[FaultKind, asyncio.Task[None]] = {}

    async def clear_to_send(self) -> None:
        """Wait while the stream is stalled."""
        await self._running.wait()

    async def make(self, request: FaultRequest) -> int:
        """Make a fault; return how many connections it ended at once."""
        hub = self._hub
        match request.kind:
            case FaultKind.DROP:
                return await hub.hang_up(flush=True)
            case FaultKind.ABORT:
                return await hub.hang_up(flush=False)
            case FaultKind.CLOSE:
                return await hub.close()
            case FaultKind.SLOW_CONSUMER:
                return await hub.cut_off()
            case FaultKind.STALL | FaultKind.DROP_EVERY:
                self._start(request)
            case FaultKind.AUTH_FAILURE:
                self.auth_failure = request.on
            case FaultKind.MAX_CONNECTIONS:
                self.max_connections = request.on
            case FaultKind.REFUSE:
                self.refuse = request.on
        return 0

    async def stop(self) -> None:
        """End the faults that last."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running.set()

    def _start(self, request: FaultRequest) -> None:
        if request.kind in self._tasks:
            self._tasks.pop(request.kind).cancel()
        if request.kind is FaultKind.STALL:
            self._running.set()
        if request.on:
            run = self._stall if request.kind is FaultKind.STALL else self._drop_every
            self._tasks[request.kind] = asyncio.create_task(run(request))

    async def _stall(self, request: FaultRequest) -> None:
        self._running.clear()
        await asyncio.sleep(request.seconds)
        self._running.set()

    async def _drop_every(self, request: FaultRequest) -> None:
        try:
            async with asyncio.timeout(request.seconds):
                while True:
                    await asyncio.sleep(request.every)
                    await self._hub.hang_up(flush=True)
        except TimeoutError:
            return
