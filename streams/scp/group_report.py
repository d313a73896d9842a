"""How late a group of readers is on a topic, now and of late: pure rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from streams.scp.end_history import EndHistory, Reading

TREND_S: Final = 30.0
"""A trend compares with so long ago."""
STEADY_S: Final = 1.0
STEADY_PART: Final = 0.1
"""What changes by less than a second, or a tenth, is steady."""
KEPT: Final = 60


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """How late a group is on one partition.

    Attributes:
        partition: Its number.
        position: The next offset to read, as the reading worker says; None where none says.
        committed: The next offset to read after a restart; None where nothing was committed.
        lag: Records not read; by the committed offset where no worker says.
        lag_s: For how long the oldest of them has been there.
        standing_s: For how long records have been there with nothing committed; 0 where all is.
    """

    partition: int
    position: int | None
    committed: int | None
    lag: int | None
    lag_s: float | None
    standing_s: float


class GroupReport:
    """One group on one topic."""

    def __init__(self) -> None:
        self._committed: dict[int, tuple[int, float]] = {}
        self._past: deque[tuple[float, float, int]] = deque(maxlen=KEPT)
        self._details: list[PartitionLag] = []

    def take(
        self,
        at_s: float,
        histories: Mapping[int, EndHistory],
        committed: Mapping[int, int],
        readings: Mapping[int, Reading],
    ) -> None:
        """Take how far the group is now.

        Args:
            at_s: Now, monotonic seconds.
            histories: Where each partition ended.
            committed: The offset committed, by partition.
            readings: How far the workers are that do read, by partition.
        """
        self._details = [
            self._detail(at_s, number, histories.get(number), committed.get(number), readings.get(number))
            for number in sorted(committed.keys() | readings.keys())
        ]
        if (seconds := self._lag_s()) is not None:
            self._past.append((at_s, seconds, self._lag() or 0))

    def describe(self) -> dict[str, Any]:
        """Return lag, its trend (rising, falling, steady) and, where it falls, how long until it is gone."""
        return {
            "lag": self._lag(),
            "lag_s": self._lag_s(),
            "trend": self._trend(),
            "drain_s": self._drain_s(),
            "details": [asdict(each) for each in self._details],
        }

    def _detail(
        self,
        at_s: float,
        partition: int,
        history: EndHistory | None,
        committed: int | None,
        reading: Reading | None,
    ) -> PartitionLag:
        safe = None if committed is None else Reading(at_s, committed)
        told, lag, lag_s, standing_s = reading or safe, None, None, 0.0
        if history is not None and told is not None:
            lag, lag_s = history.lag(told), history.lag_s(told)
        if history is not None and safe is not None:
            standing_s = self._standing_s(partition, safe, history)
        return PartitionLag(
            partition,
            None if reading is None else reading.offset,
            committed,
            lag,
            None if lag_s is None else round(lag_s, 1),
            round(standing_s, 1),
        )

    def _standing_s(self, partition: int, safe: Reading, history: EndHistory) -> float:
        offset, since_s = self._committed.get(partition, (safe.offset, safe.at_s))
        if offset != safe.offset or not history.lag(safe):
            since_s = safe.at_s
        self._committed[partition] = (safe.offset, since_s)
        return safe.at_s - since_s

    def _lag(self) -> int | None:
        known = [each.lag for each in self._details if each.lag is not None]
        return sum(known) if known else None

    def _lag_s(self) -> float | None:
        return max((each.lag_s for each in self._details if each.lag_s is not None), default=None)

    def _then(self) -> tuple[float, float, int] | None:
        """Return how it was a while ago; None where that is not known yet."""
        if not self._past:
            return None
        before_s = self._past[-1][0] - TREND_S
        return next((each for each in reversed(self._past) if each[0] <= before_s), None)

    def _trend(self) -> str | None:
        if (then := self._then()) is None:
            return None
        now = self._past[-1][1]
        change = now - then[1]
        if abs(change) <= max(STEADY_S, STEADY_PART * max(now, then[1])):
            return "steady"
        return "rising" if change > 0 else "falling"

    def _drain_s(self) -> float | None:
        if self._trend() != "falling" or (then := self._then()) is None:
            return None
        now_s, _, records = self._past[-1]
        drained = then[2] - records
        return round(records * (now_s - then[0]) / drained, 1) if drained > 0 else None
