"""Quantiles of what happened between two answers of a component."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.scp.condition import Sample
from streams.scp.durations import EDGES_MS, durations
from streams.telemetry import BUCKETS_S, Counters

CLASSES = len(BUCKETS_S) + 1


def sample(counters: Counters) -> Sample:
    return Sample(0, {"latency": counters.classes("latency")})


@given(
    st.lists(st.floats(0, 400), max_size=50),
    st.lists(st.floats(0, 400), min_size=1, max_size=50),
)
def test_quantiles_lie_in_the_class_of_what_came_between_two_answers(
    earlier: list[float], later: list[float]
) -> None:
    counters = Counters()
    for seconds in earlier:
        counters.observe("latency", seconds, reason="applied")
    before = sample(counters)
    for seconds in later:
        counters.observe("latency", seconds, reason="applied")
    found = durations(before, sample(counters), "latency")["applied"]
    for share, told_ms in ((0.5, found["p50_ms"]), (0.99, found["p99_ms"])):
        exact_ms = sorted(later)[max(0, -int(-share * len(later) // 1) - 1)] * 1000
        upper = next((edge for edge in EDGES_MS[1:] if exact_ms <= edge), EDGES_MS[-1])
        lower = EDGES_MS[EDGES_MS.index(upper) - 1]
        assert lower - 0.1 <= told_ms <= upper + 0.1


def test_nothing_is_told_of_the_first_answer_nor_of_a_stage_that_nothing_came_to() -> None:
    counters = Counters()
    counters.observe("latency", 1.0, reason="applied")
    assert durations(None, sample(counters), "latency") == {}
    assert durations(sample(counters), sample(counters), "latency") == {}


def test_a_component_that_began_anew_counts_from_nothing() -> None:
    old, new = Counters(), Counters()
    for _ in range(5):
        old.observe("latency", 1.0, reason="applied")
    new.observe("latency", 0.004, reason="applied")
    assert durations(sample(old), sample(new), "latency")["applied"]["p99_ms"] <= 5


@pytest.mark.parametrize("counts", [None, [1, 2], ["1"] * CLASSES, [-1] * CLASSES])
def test_what_is_no_distribution_is_left_out(counts: object) -> None:
    assert durations(Sample(0, {"latency": {}}), Sample(1, {"latency": {"applied": counts}}), "latency") == {}
    assert durations(Sample(0, {"latency": {}}), Sample(1, {"latency": counts}), "latency") == {}
