"""How far a worker has read its partitions, in records and in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from faust import Sensor
from faust.types import TP, Message

from streams.telemetry import Counters

Labels = tuple[str, ...]


class ReadTimes(Sensor):
    """Notes when the last record read of each partition was written, s since 1970 UTC."""

    def __init__(self) -> None:
        super().__init__()
        self.newest: dict[tuple[str, int], float] = {}

    def on_message_in(self, tp: TP, offset: int, message: Message) -> None:
        """Take note of a record; Faust calls it for each."""
        self.newest[tp] = message.timestamp


def watch(
    counters: Counters, report: Callable[[], Iterable[Mapping[str, Any]]], read_times: ReadTimes
) -> None:
    """Make ``counters`` tell how far each partition has been read.

    Args:
        counters: The worker's.
        report: Returns the partitions as /health has them: {topic, partition, position, committed, end, lag}.
        read_times: When what was read last was written.
    """

    def each(field: str) -> dict[Labels, float]:
        return {_labels(found): float(found[field]) for found in report() if found[field] is not None}

    def seconds() -> dict[Labels, float]:
        now, late = time.time(), {}
        for found in report():
            written = read_times.newest.get((found["topic"], found["partition"]))
            if not found["lag"]:
                late[_labels(found)] = 0.0
            elif written is not None:
                late[_labels(found)] = max(0.0, now - written)
        return late

    counters.watch("lag_records", lambda: each("lag"))
    counters.watch("lag_seconds", seconds)
    counters.watch("position", lambda: each("position"))
    counters.watch("committed", lambda: each("committed"))
    counters.watch("log_end", lambda: each("end"))


def _labels(found: Mapping[str, Any]) -> Labels:
    return found["topic"], str(found["partition"])
