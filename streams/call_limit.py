"""A limit of calls: no more than so many in any minute, as vendors' plans count them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 60.0


class CallLimit:
    """Tells when the next call may begin. Not for threads.

    Args:
        calls_per_minute: Most calls that begin in any minute; None for no limit.
        now: A clock in seconds.
    """

    def __init__(self, calls_per_minute: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = calls_per_minute
        self._now = now
        self._begun: deque[float] = deque(maxlen=calls_per_minute)
        self._held_until = now()

    def wait_s(self) -> float:
        """Return 0 where a call may begin, which then counts, else the seconds after which to ask again."""
        now = self._now()
        wait_s = self._held_until - now
        if self._limit is not None and len(self._begun) == self._limit:
            wait_s = max(wait_s, self._begun[0] + WINDOW_S - now)
        if wait_s > 0:
            return wait_s
        if self._limit is not None:
            self._begun.append(now)
        return 0.0

    def hold(self, seconds: float) -> None:
        """Let no call begin for some time."""
        self._held_until = max(self._held_until, self._now() + seconds)
