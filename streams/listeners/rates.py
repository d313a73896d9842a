"""Events a second, by type, over the last seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

WINDOW_S: Final = 10.0


class Rates:
    """Turns counts that only grow into rates.

    Args:
        window_s: Over how many seconds rates are taken.
    """

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, dict[str, int]]] = deque()

    def sample(self, now: float, counts: Mapping[str, int]) -> None:
        """Note the counts so far at ``now`` (monotonic seconds)."""
        self._samples.append((now, dict(counts)))
        # The newest sample that is old enough stays: it is where the window begins.
        while len(self._samples) > 1 and self._samples[1][0] <= now - self._window_s:
            self._samples.popleft()

    def per_second(self) -> dict[str, float]:
        """Return events a second by type over the window; empty until there is a second sample."""
        if not self._samples:
            return {}
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        seconds = end - start
        if seconds <= 0:
            return {}
        return {name: round((count - before.get(name, 0)) / seconds, 1) for name, count in after.items()}
