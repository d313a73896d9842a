"""The end of a service that others replace: nobody new comes in, its clients leave one after the other."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from streams.telemetry import Counters
from streams.wds.visitors import Visitors

SERVICE_RESTART: Final = 1012
"""WebSocket close code for a client that should come again, to another process."""
STEP_S: Final = 0.01
"""Clients that go within this time go together."""


class Drain:
    """Sends all clients away, evenly over some time, so that they do not all come back at once.

    Args:
        visitors: The clients.
        spread_s: Over how many seconds.
        counters: Counts those sent away as ``drained``.
    """

    def __init__(self, visitors: Visitors, spread_s: float, counters: Counters) -> None:
        self._visitors = visitors
        self._spread_s = spread_s
        self._counters = counters
        self.has_begun = False

    async def run(self) -> None:
        """Let nobody in from now on, and return when all have been told to go."""
        self.has_begun = True
        leaving = self._visitors.all()
        random.shuffle(leaving)
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number, visitor in enumerate(leaving):
            due = started + self._spread_s * number / len(leaving)
            if (wait_s := due - loop.time()) > STEP_S:
                await asyncio.sleep(wait_s)
            visitor.outbox.finish(SERVICE_RESTART, "service restart")
            self._counters.add("drained")
