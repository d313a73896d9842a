"""A gate that a recording passes frame by frame, and that can hold it."""

from __future__ import annotations

import asyncio


class Gate:
    """Lets a recording go on up to a number of frames.

    Args:
        is_open: Whether it lets all of them pass from the start; else none.

    Attributes:
        is_holding: Whether a frame waits here: those before it have been sent.
    """

    def __init__(self, *, is_open: bool) -> None:
        self.is_holding = False
        self._passed = 0
        self._limit: int | None = None if is_open else 0
        self._opened = asyncio.Event()

    def open_until(self, frames: int | None) -> None:
        """Let the first ``frames`` of the recording pass, None for all of them."""
        self._limit = frames
        if self._may_pass:
            self.is_holding = False
            self._opened.set()

    async def enter(self) -> bool:
        """Wait until one more frame may pass; return whether there was a wait."""
        waited = not self._may_pass
        while not self._may_pass:
            self.is_holding = True
            self._opened.clear()
            await self._opened.wait()
        self._passed += 1
        return waited

    @property
    def _may_pass(self) -> bool:
        return self._limit is None or self._passed < self._limit
