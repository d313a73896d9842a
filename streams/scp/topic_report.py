"""How topics and those who read them are, made of offsets and sizes at moments: pure rules."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

KEPT: Final = 200
"""Moments that are remembered of each partition."""
SLOW_S: Final = 30.0
"""Rates are means over this long."""

Partition = tuple[str, int]
"""A topic's name and a partition's number."""


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What seldom changes about a topic: partitions, replicas, and its configuration by Kafka's names."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Moment:
    """What Kafka said at one moment.

    Attributes:
        at_s: When, monotonic seconds.
        begins: The first offset of each partition that there is still.
        ends: The next offset of each partition.
        sizes: Bytes of each partition, of all its replicas' largest.
        committed: By group, the next offset that it will read of each partition.
        problems: What could not be read, by topic or group.
    """

    at_s: float
    begins: Mapping[Partition, int] = field(default_factory=dict)
    ends: Mapping[Partition, int] = field(default_factory=dict)
    sizes: Mapping[Partition, int] = field(default_factory=dict)
    committed: Mapping[str, Mapping[Partition, int]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


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

    def lag_s(self, committed: int) -> float | None:
        """Return for how long a record that is not read yet has been there, at least to within one moment.

        0 where all is read; where it was there before the first moment, how long that is ago.
        """
        if not self._moments:
            return None
        last_s, last = self._moments[-1]
        if committed >= last:
            return 0.0
        ends = [end for _, end in self._moments]
        first_with_more = bisect_right(ends, committed)
        return last_s - self._moments[max(0, first_with_more - 1)][0]


class TopicReport:
    """All topics, told from the moments so far."""

    def __init__(self) -> None:
        self._facts: Sequence[TopicFacts] = ()
        self._histories: dict[Partition, EndHistory] = {}
        self._moment: Moment | None = None

    def learn(self, facts: Sequence[TopicFacts]) -> None:
        """Take which topics there are."""
        self._facts = facts
        known = {(topic.name, number) for topic in facts for number in range(topic.partitions)}
        self._histories = {key: kept for key, kept in self._histories.items() if key in known}

    def take(self, moment: Moment) -> None:
        """Take what Kafka says now."""
        self._moment = moment
        for partition, end in moment.ends.items():
            self._histories.setdefault(partition, EndHistory()).add(moment.at_s, end)

    def describe(self) -> list[dict[str, Any]]:
        """Return every topic; what is not known is None, never 0."""
        return [] if self._moment is None else [self._topic(topic, self._moment) for topic in self._facts]

    def _topic(self, topic: TopicFacts, moment: Moment) -> dict[str, Any]:
        details = [self._partition((topic.name, number), moment) for number in range(topic.partitions)]
        rates = [each["records_per_s"] for each in details]
        counts = [each["records"] for each in details]
        return {
            "name": topic.name,
            "partitions": topic.partitions,
            "replication": topic.replication,
            "cleanup": topic.config.get("cleanup.policy"),
            "retention_ms": _number(topic.config.get("retention.ms")),
            "segment_ms": _number(topic.config.get("segment.ms")),
            "records": _sum(counts),
            "bytes": _sum([each["bytes"] for each in details]),
            "records_per_s": _sum(rates),
            "skew": skew(rates) or skew(counts),
            "problem": moment.problems.get(topic.name),
            "details": details,
            "groups": [
                found
                for group, offsets in sorted(moment.committed.items())
                if (found := self._group(group, topic, offsets, moment)) is not None
            ],
        }

    def _partition(self, partition: Partition, moment: Moment) -> dict[str, Any]:
        begin, end = moment.begins.get(partition), moment.ends.get(partition)
        history = self._histories.get(partition)
        return {
            "partition": partition[1],
            "begin": begin,
            "end": end,
            "records": None if begin is None or end is None else max(0, end - begin),
            "bytes": moment.sizes.get(partition),
            "records_per_s": None if history is None else _rounded(history.rate()),
        }

    def _group(
        self, group: str, topic: TopicFacts, offsets: Mapping[Partition, int], moment: Moment
    ) -> dict[str, Any] | None:
        read = [(key, offset) for key, offset in sorted(offsets.items()) if key[0] == topic.name]
        if not read:
            return None
        details = []
        for partition, committed in read:
            end, history = moment.ends.get(partition), self._histories.get(partition)
            details.append({
                "partition": partition[1],
                "committed": committed,
                "lag": None if end is None else max(0, end - committed),
                "lag_s": None if history is None else _rounded(history.lag_s(committed)),
            })  # fmt: skip
        behind = [each["lag_s"] for each in details if each["lag_s"] is not None]
        return {
            "group": group,
            "lag": _sum([each["lag"] for each in details]),
            "lag_s": max(behind, default=None),
            "problem": moment.problems.get(group),
            "details": details,
        }


def skew(values: Sequence[float | None]) -> float | None:
    """Return the largest over the mean: 1 where all are alike; None where nothing is known or there."""
    known = [value for value in values if value is not None]
    total = sum(known)
    return round(max(known) * len(known) / total, 2) if known and total > 0 else None


def _sum(values: Sequence[Any]) -> Any:  # noqa: ANN401  of whole numbers a whole number
    known = [value for value in values if value is not None]
    return _rounded(sum(known)) if known else None


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 3)


def _number(value: str | None) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
