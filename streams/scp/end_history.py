"""Where a partition ended over time, and what an offset that is read up to means in seconds: pure rules."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

KEPT: Final = 200
"""Moments that are remembered of each partition."""
SLOW_S: Final = 30.0
"""Rates are means over this long."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a reader was at a moment.

    Attributes:
        at_s: When, monotonic seconds.
        offset: The next one that it reads.
        lag: Records that it knows of and has not read; None where it does not say.
    """

    at_s: float
    offset: int
    lag: int | None = None


class EndHistory:
    """Where a partition ended, at moments in order."""

    def __init__(self) -> None:
        self._moments: deque[tuple[float, int]] = deque(maxlen=KEPT)

    def add(self, at_s: float, end: int) -> None:
        """Take one; a partition that was made anew begins a new history."""
        if self._moments and end < self._moments[-1][1]:
            self._moments.clear()
        self._moments.append((at_s, end))

    def rate(self) -> float | None:
        """Return records a second over the last while; None where that is unknown."""
        if len(self._moments) < 2:  # noqa: PLR2004  a rate needs two
            return None
        last_s, last = self._moments[-1]
        first_s, first = next(
            (each for each in self._moments if each[0] >= last_s - SLOW_S), self._moments[-1]
        )
        return (last - first) / (last_s - first_s) if last_s > first_s else None

    def lag(self, reading: Reading) -> int | None:
        """Return how many records were there and not read; None where that is unknown.

        Not only what the reader says: one that fetches no more believes that it has read all.
        """
        known = [at for at in self._moments if at[0] <= reading.at_s]
        if not known:
            return reading.lag
        return max(0, known[-1][1] - reading.offset, reading.lag or 0)

    def lag_s(self, reading: Reading) -> float | None:
        """Return for how long the next record to read had been there; 0 where all was read, None if unknown.

        Between two moments records are taken to have come evenly. What was there before the first moment
        counts from that.
        """
        behind = self.lag(reading)
        if not behind:
            return behind
        return max(0.0, reading.at_s - self._came_at(reading.offset)) if self._moments else None

    def _came_at(self, offset: int) -> float:
        # The record with this offset makes the end offset + 1; half of that way it is most likely there.
        reached = offset + 0.5
        after = bisect_right(self._moments, reached, key=itemgetter(1))
        if after == 0:
            return self._moments[0][0]
        if after == len(self._moments):
            return self._moments[-1][0]
        (from_s, first), (to_s, last) = self._moments[after - 1], self._moments[after]
        return from_s + (to_s - from_s) * (reached - first) / (last - first)
