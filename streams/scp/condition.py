"""How a component is, made of what it says of itself and of what it said before: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from streams.wds.visitors import DISCONNECTED

DROPS: Final = ("dropped", "events_rejected", "cut_off", "refused")
"""Counters of what was lost or sent away, in any component."""
INTENDED: Final = frozenset({f"cut_off.{DISCONNECTED}"})
"""What of that is no loss, for operators wanted it."""
HEALTHY: Final = frozenset({"ok"})
MOST_S: Final = 1e11
"""No time of day is later than this many seconds after 1970."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a component said at one moment.

    Attributes:
        at_ms: When, ms since 1970 UTC.
        health: Its answer; None where it gave none.
        problem: Why there is none.
    """

    at_ms: int
    health: Mapping[str, Any] | None
    problem: str | None = None
    counters: Mapping[str, float] = field(default_factory=dict)


def flattened(counters: object) -> dict[str, float]:
    """Return counters by name, those with reasons as ``name.reason``."""
    if not isinstance(counters, Mapping):
        return {}
    result: dict[str, float] = {}
    for name, value in counters.items():
        if isinstance(value, Mapping):
            result |= {f"{name}.{reason}": count for reason, count in value.items() if _is_number(count)}
        elif _is_number(value):
            result[str(name)] = value
    return result


def rates(before: Sample | None, now: Sample) -> dict[str, float]:
    """Return by how much each counter grows a second; a process that began anew counts from 0."""
    if before is None or before.health is None or now.health is None or now.at_ms <= before.at_ms:
        return {}
    seconds = (now.at_ms - before.at_ms) / 1000
    began_anew = any(now.counters.get(name, 0) < count for name, count in before.counters.items())
    old: Mapping[str, float] = {} if began_anew else before.counters
    grown = {name: count - old.get(name, 0) for name, count in now.counters.items()}
    return {name: round(count / seconds, 3) for name, count in grown.items()}


def cpu_percent(before: Sample | None, now: Sample) -> float | None:
    """Return how much of one core a component takes; None where it does not say, or began anew."""
    if before is None or now.at_ms <= before.at_ms:
        return None
    spent = [(sample.health or {}).get("usage") for sample in (before, now)]
    told = [used.get("cpu_s") for used in spent if isinstance(used, Mapping)]
    known = [seconds for seconds in told if _is_number(seconds)]
    if len(known) < len(spent) or known[1] < known[0]:
        return None
    return round((known[1] - known[0]) * 100_000 / (now.at_ms - before.at_ms), 1)


def is_healthy(health: Mapping[str, Any]) -> bool:
    """Tell whether a component says that it does its work."""
    if "healthy" in health:
        return health["healthy"] is True
    return health.get("status") in HEALTHY


def state(sample: Sample) -> str:
    """Return in one word how a component is; ``unreachable`` where it does not say."""
    if sample.health is None:
        return "unreachable"
    found = sample.health.get("state") or sample.health.get("status")
    return str(found) if found else "unknown"


def lag(health: Mapping[str, Any]) -> int | None:
    """Return how many records a worker has not read yet; None for what reads none, or does not know."""
    partitions = health.get("partitions")
    if not isinstance(partitions, list) or not partitions:
        return None
    lags = [part.get("lag") for part in partitions if isinstance(part, Mapping)]
    known = [each for each in lags if isinstance(each, int)]
    return sum(known) if known else None


def positions(health: Mapping[str, Any]) -> dict[tuple[str, int], tuple[int, int | None]]:
    """Return the next offset to read and the lag in records, by topic and partition, as a worker tells."""
    partitions = health.get("partitions")
    found: dict[tuple[str, int], tuple[int, int | None]] = {}
    for part in partitions if isinstance(partitions, list) else []:
        match part:
            case {"topic": str(topic), "partition": int(number), "position": int(position)}:
                lag = part.get("lag")
                found[topic, number] = position, lag if isinstance(lag, int) else None
    return found


def drops(counters: Mapping[str, float]) -> dict[str, int]:
    """Return what was lost, by counter and reason; nothing where nothing was."""
    return {
        name: int(count)
        for name, count in counters.items()
        if count and name.partition(".")[0] in DROPS and name not in INTENDED
    }


def last_error(health: Mapping[str, Any]) -> tuple[str, int | None] | None:
    """Return the last error that a component tells of: its own, its connection to Kafka's, or a problem.

    With it comes when it happened, ms since 1970 UTC; None where the component does not say.
    """
    problems = health.get("problems")
    if isinstance(problems, list) and problems:
        return str(problems[0])[:500], None
    parts = [part for part in (health, health.get("kafka")) if isinstance(part, Mapping)]
    told = [(str(part["last_error"])[:500], _ms(part.get("last_error_at"))) for part in parts
            if part.get("last_error")]  # fmt: skip
    return max(told, key=lambda each: each[1] or 0, default=None)


def _ms(seconds: object) -> int | None:
    return int(seconds * 1000) if _is_number(seconds) and 0 < seconds < MOST_S else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
