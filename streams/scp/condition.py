"""How a component is, made of what it says of itself and of what it said before: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

DROPS: Final = ("dropped", "events_rejected", "cut_off", "refused")
"""Counters of what was lost or sent away, in any component."""
HEALTHY: Final = frozenset({"ok"})


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


def drops(counters: Mapping[str, float]) -> dict[str, int]:
    """Return what was lost, by counter and reason; nothing where nothing was."""
    return {name: int(count) for name, count in counters.items() if count and name.partition(".")[0] in DROPS}


def last_error(health: Mapping[str, Any]) -> str | None:
    """Return the last error that a component tells of: its own, its connection to Kafka's, or a problem."""
    kafka, problems = health.get("kafka"), health.get("problems")
    found = health.get("last_error") or (kafka.get("last_error") if isinstance(kafka, Mapping) else None)
    if not found and isinstance(problems, list) and problems:
        found = problems[0]
    return str(found)[:500] if found else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
