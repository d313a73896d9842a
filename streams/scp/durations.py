"""How long something took since a component was asked last: pure rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, TypedDict

from streams.scp.condition import Sample
from streams.telemetry import BUCKETS_S

EDGES_MS: Final = (0.0, *(bound * 1000 for bound in BUCKETS_S))


class Durations(TypedDict):
    """Quantiles in ms, interpolated within the classes of `streams.telemetry`; at most the last of these."""

    p50_ms: float
    p99_ms: float


def durations(before: Sample | None, now: Sample, what: str) -> dict[str, Durations]:
    """Return how long something took, by its reason; nothing of what did not happen.

    What a component has counted before it was asked the first time is no news; one that began anew counts
    from 0.

    Args:
        before: What it said when it was asked before.
        now: What it says now.
        what: ``latency`` since receipt by stage, ``event_delay`` since the exchange by topic.
    """
    if before is None or before.health is None or now.health is None:
        return {}
    old, found = _classes(before.health, what), {}
    for stage, counts in _classes(now.health, what).items():
        known = old.get(stage, [0] * len(counts))
        if any(count < earlier for count, earlier in zip(counts, known, strict=True)):
            known = [0] * len(counts)
        grown = [count - earlier for count, earlier in zip(counts, known, strict=True)]
        if sum(grown):
            found[stage] = Durations(p50_ms=_quantile(grown, 0.5), p99_ms=_quantile(grown, 0.99))
    return found


def _classes(health: Mapping[str, object], what: str) -> dict[str, list[int]]:
    told = health.get(what)
    if not isinstance(told, Mapping):
        return {}
    return {str(stage): counts for stage, counts in told.items() if _are_classes(counts)}


def _are_classes(counts: object) -> bool:
    # Another version may have other classes.
    return (
        isinstance(counts, list)
        and len(counts) == len(BUCKETS_S) + 1
        and all(type(count) is int and count >= 0 for count in counts)
    )


def _quantile(counts: Sequence[int], share: float) -> float:
    wanted, passed = share * sum(counts), 0
    for count, (lower, upper) in zip(counts, pairwise(EDGES_MS), strict=False):
        if count and passed + count >= wanted:
            return round(lower + (upper - lower) * (wanted - passed) / count, 1)
        passed += count
    return EDGES_MS[-1]
