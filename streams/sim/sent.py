"""A bounded record of when second bars were sent: one end of a latency measurement."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from typing import Final

from streams.sim.frames import Frame

KEEP: Final = 65_536
"""How many bars are remembered."""


class SentBars:
    """Remembers the newest bars (``A``) and when each was handed to a socket."""

    def __init__(self) -> None:
        self._bars: deque[tuple[str, int, int]] = deque(maxlen=KEEP)

    def record(self, frame: Frame) -> None:
        """Note that ``frame`` was sent just now."""
        if "A" in frame.counts:
            now_ns = time.time_ns()
            self._bars.extend((symbol, end_ms, now_ns) for symbol, end_ms in frame.bars())

    def of(self, symbols: Iterable[str]) -> list[tuple[str, int, int]]:
        """Return symbol, end of the bar (ms) and time of sending (ns since 1970 UTC), oldest first."""
        wanted = frozenset(symbols)
        return [bar for bar in self._bars if bar[0] in wanted]
