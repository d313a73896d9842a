"""How much a client may send: so many messages a second, and some at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second in the long run, and at once after a pause."""

    per_s: float
    burst: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the pace that the settings name."""
        return cls(settings.wds_max_requests_per_s, settings.wds_request_burst)


class Allowance:
    """What is left of a pace: a token bucket.

    Args:
        pace: How it fills.
        now_s: The time now, seconds of any clock that never goes back.
    """

    __slots__ = ("_at_s", "_left", "_pace")

    def __init__(self, pace: Pace, now_s: float | None = None) -> None:
        self._pace = pace
        self._left = float(pace.burst)
        self._at_s = time.monotonic() if now_s is None else now_s

    def take(self, now_s: float | None = None) -> float:
        """Take one message; return how many seconds it is too early, 0 where it is not."""
        self._fill(now_s)
        self._left -= 1
        return max(0.0, -self._left / self._pace.per_s)

    def try_take(self, now_s: float | None = None) -> float:
        """Take one message if it is not too early; return in how many seconds it will not be, 0 for taken."""
        self._fill(now_s)
        if self._left < 1:
            return (1 - self._left) / self._pace.per_s
        self._left -= 1
        return 0.0

    def _fill(self, now_s: float | None) -> None:
        now_s = time.monotonic() if now_s is None else now_s
        self._left = min(self._pace.burst, self._left + (now_s - self._at_s) * self._pace.per_s)
        self._at_s = now_s
