"""What was sent: counts of it, and a bounded record of when second bars were, to measure latency by."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Final

from streams.sim.frames import Frame

KEEP: Final = 65_536
"""How many bars are remembered."""


class SentLog:
    """Counts what was handed to sockets, and remembers when the newest bars (``A``) were.

    Attributes:
        frames: Messages sent, to all clients together.
        by_type: Events sent, to all clients together, by type.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.by_type: Counter[str] = Counter()
        self._bars: deque[tuple[str, int, int]] = deque(maxlen=KEEP)

    def record(self, frame: Frame, counts: Mapping[str, int]) -> None:
        """Note that of ``frame`` events as in ``counts`` were sent just now."""
        self.frames += 1
        self.by_type.update(counts)
        if "A" in counts:
            now_ns = time.time_ns()
            self._bars.extend((symbol, end_ms, now_ns) for symbol, end_ms in frame.bars())

    def of(self, symbols: Iterable[str]) -> list[tuple[str, int, int]]:
        """Return symbol, end of the bar (ms) and time of sending (ns since 1970 UTC), oldest first."""
        wanted = frozenset(symbols)
        return [bar for bar in self._bars if bar[0] in wanted]
