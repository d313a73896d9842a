"""The market clock: event time that advances at a multiple of real time."""

from __future__ import annotations

import asyncio
import time
from typing import Final

MAX_LAG_S: Final = 2.0
"""A sender that falls behind by more gives up the time lost instead of sending it in a burst."""
MAX_GAP_MS: Final = 300_000
"""A gap in event time, either way, that is longer is not waited for: the clock is set to the new time."""


class Pacer:
    """Tells when events are due.

    Args:
        speed: Event time for real time; 0 for as fast as it goes.

    Attributes:
        clock_ms: Event time that was last let through, ms since 1970 UTC; 0 before the first.
        slips: How often time was given up because the sender was late.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._anchor: tuple[float, int] | None = None
        self.clock_ms = 0
        self.slips = 0

    async def until(self, due_ms: int) -> None:
        """Wait until the clock shows ``due_ms``; 0 stands for no time and is not waited for."""
        if due_ms and self._speed:
            await self._wait(due_ms)
        if due_ms:
            self.clock_ms = due_ms

    def start_anew(self) -> None:
        """Set the clock to the next event's time, as after a rest that is not to be caught up on."""
        self._anchor = None

    async def _wait(self, due_ms: int) -> None:
        if self._anchor is None or abs(due_ms - self.clock_ms) > MAX_GAP_MS:
            self._set(due_ms)
            return
        anchor_s, anchor_ms = self._anchor
        delay_s = anchor_s + (due_ms - anchor_ms) / 1_000 / self._speed - time.monotonic()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        elif delay_s < -MAX_LAG_S and due_ms >= self.clock_ms:
            self.slips += 1
            self._set(due_ms)

    def _set(self, due_ms: int) -> None:
        self._anchor = (time.monotonic(), due_ms)
