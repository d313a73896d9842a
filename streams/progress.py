"""Whether partitions are read on: their positions, watched over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

TopicPartition = tuple[str, int]


class Progress:
    """Finds partitions that have records to read and are not read.

    Args:
        patience_s: So long a position may stand still, in seconds.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._standing: dict[TopicPartition, tuple[int, float]] = {}
        """Positions of partitions that lag, and since when they have been there."""

    def forget(self) -> None:
        """Start anew: the partitions are being dealt out."""
        self._standing.clear()

    def stalled(self, partitions: Iterable[Mapping[str, Any]], now_s: float) -> list[TopicPartition]:
        """Return the partitions that have stood still for too long.

        Args:
            partitions: As a health report has them: {topic, partition, position, lag}; lag may be None.
            now_s: A clock that never goes back, in seconds.
        """
        before, self._standing = self._standing, {}
        for each in partitions:
            if not each["lag"]:
                continue
            key, position = (each["topic"], each["partition"]), each["position"]
            was_at, since_s = before.get(key, (position, now_s))
            self._standing[key] = (position, since_s if was_at == position else now_s)
        return [key for key, (_, since_s) in self._standing.items() if now_s - since_s >= self._patience_s]
