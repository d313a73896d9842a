"""How topics and those who read them are, made of offsets and sizes at moments: pure rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from streams.scp.end_history import EndHistory, Reading
from streams.scp.group_report import GroupReport

_Value = TypeVar("_Value")

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
        committed: By group, the next offset that it will read of each partition after a restart.
        readings: By group, how far its workers say they are.
        problems: What could not be read, by topic or group.
    """

    at_s: float
    begins: Mapping[Partition, int] = field(default_factory=dict)
    ends: Mapping[Partition, int] = field(default_factory=dict)
    sizes: Mapping[Partition, int] = field(default_factory=dict)
    committed: Mapping[str, Mapping[Partition, int]] = field(default_factory=dict)
    readings: Mapping[str, Mapping[Partition, Reading]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


class TopicReport:
    """All topics, told from the moments so far."""

    def __init__(self) -> None:
        self._facts: Sequence[TopicFacts] = ()
        self._histories: dict[Partition, EndHistory] = {}
        self._groups: dict[tuple[str, str], GroupReport] = {}
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
        groups = {
            (group, topic)
            for read in (moment.committed, moment.readings)
            for group, partitions in read.items()
            for topic, _ in partitions
        }
        self._groups = {key: self._groups.get(key, GroupReport()) for key in sorted(groups)}
        for (group, topic), report in self._groups.items():
            report.take(
                moment.at_s,
                _of_topic(topic, self._histories),
                _of_topic(topic, moment.committed.get(group, {})),
                _of_topic(topic, moment.readings.get(group, {})),
            )

    def describe(self) -> list[dict[str, Any]]:
        """Return every topic; what is not known is None, never 0."""
        return [] if self._moment is None else [self._topic(topic, self._moment) for topic in self._facts]

    def ends(self, topic: str) -> dict[int, int] | None:
        """Return where each partition of a topic ends; nothing where there is no such topic.

        None where that is not known of all of its partitions.
        """
        if self._moment is None:
            return None
        partitions = next((facts.partitions for facts in self._facts if facts.name == topic), 0)
        ends = _of_topic(topic, self._moment.ends)
        return ends if len(ends) == partitions else None

    def problem(self, topic: str) -> str | None:
        """Return why a topic could not be read."""
        return None if self._moment is None else self._moment.problems.get(topic)

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
                {"group": group, "problem": moment.problems.get(group), **report.describe()}
                for (group, name), report in self._groups.items()
                if name == topic.name
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


def skew(values: Sequence[float | None]) -> float | None:
    """Return the largest over the mean: 1 where all are alike; None where nothing is known or there."""
    known = [value for value in values if value is not None]
    total = sum(known)
    return round(max(known) * len(known) / total, 2) if known and total > 0 else None


def _of_topic(topic: str, by_partition: Mapping[Partition, _Value]) -> dict[int, _Value]:
    return {number: value for (name, number), value in by_partition.items() if name == topic}


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
