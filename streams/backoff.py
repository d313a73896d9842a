"""Backoff: how long to wait before the next try of something that failed."""

from __future__ import annotations

import asyncio
import random
from typing import Final

FIRST_S: Final = 0.05
LONGEST_S: Final = 5.0


class Backoff:
    """Exponentially growing waits, with jitter so that many clients do not come back at once.

    Args:
        first_s: Upper bound of the first wait, in seconds.
        longest_s: Upper bound of every wait, in seconds.
    """

    def __init__(self, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._bound_s = first_s

    def next_s(self) -> float:
        """Return the next wait in seconds: between half of the current bound and all of it."""
        bound = self._bound_s
        self._bound_s = min(self._longest_s, bound * 2)
        return bound * random.uniform(0.5, 1.0)  # noqa: S311  jitter, no secret

    async def pause(self) -> None:
        """Wait. A cancellation that a library took for a failure of its own takes effect here.

        asyncio.wait_for of Python 3.11 loses one that comes when what it waits for has just failed; who tries
        again after every failure would never end.
        """
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        await asyncio.sleep(self.next_s())

    def reset(self) -> None:
        """Start from the first wait again: the thing worked."""
        self._bound_s = self._first_s
