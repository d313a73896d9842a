"""Latency from the simulator's send to a WebSocket client's receipt."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

V = TypeVar("V")

KEEP: Final = 100_000
"""Most receipts, and most latencies, that are kept: the newest."""
_NS_A_MS: Final = 1e6

Bar = tuple[str, int]
"""A bar by its symbol and end (ms since 1970 UTC)."""


class LatencyMeter:
    """Matches the first receipt of each bar with its sending. Both clocks are this machine's."""

    def __init__(self) -> None:
        self._received: OrderedDict[Bar, int] = OrderedDict()
        self._done: OrderedDict[Bar, None] = OrderedDict()
        self._latencies: deque[float] = deque(maxlen=KEEP)

    def received(self, symbol: str, end_ms: int, at_ns: int) -> None:
        """Note that a quote of the bar that ends at ``end_ms`` came at ``at_ns`` (ns since 1970 UTC)."""
        bar = (symbol, end_ms)
        if bar not in self._done and bar not in self._received:
            _put(self._received, bar, at_ns)

    def sent(self, bars: Iterable[Sequence[str | int]]) -> None:
        """Take bars with their sending: symbol, end (ms), time (ns since 1970 UTC)."""
        for symbol, end_ms, sent_ns in bars:
            bar = (str(symbol), int(end_ms))
            if bar in self._received:
                self._latencies.append((self._received.pop(bar) - int(sent_ns)) / _NS_A_MS)
                _put(self._done, bar, None)

    @property
    def count(self) -> int:
        """How many latencies there are."""
        return len(self._latencies)

    def percentiles(self, *percents: float) -> list[float | None]:
        """Return percentiles in ms (nearest rank); None where nothing was measured."""
        ordered = sorted(self._latencies)
        if not ordered:
            return [None] * len(percents)
        return [ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] for percent in percents]


def _put(kept: OrderedDict[Bar, V], bar: Bar, value: V) -> None:
    kept[bar] = value
    if len(kept) > KEEP:
        kept.popitem(last=False)
