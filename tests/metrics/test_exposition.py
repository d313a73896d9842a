"""What Prometheus reads of counters, durations and gauges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from streams.metrics import Exposition
from streams.metrics.metric import counter, gauge, histogram
from streams.sessions import NEW_YORK
from streams.telemetry import BUCKETS_S, Counters

METRICS = (
    counter("sent", "things_sent", "Things sent."),
    counter("lost", "things_lost", "Things lost.", "reason", values=("full", "late")),
    gauge("depth", "depth", "How deep."),
    gauge("lag", "lag", "How far behind.", "topic", "partition"),
    histogram("took", "work_seconds", "How long.", "stage"),
    gauge("data_expected", "data_expected", "Expected."),
    gauge("market_session", "market_session", "Session.", "session"),
)

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(counters: Counters) -> Samples:
    content, _ = Exposition("thing", METRICS, counters).render()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(content.decode())
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset({"component": "thing", **labels}.items())]


def test_a_counter_without_reasons_is_there_from_the_start() -> None:
    counters = Counters()
    assert value(scrape(counters), "streams_things_sent_total") == 0
    counters.add("sent", 3)
    counters.add("sent", 2)
    assert value(scrape(counters), "streams_things_sent_total") == 5


def test_known_reasons_are_zero_before_they_occur_and_others_come_when_they_do() -> None:
    counters = Counters()
    counters.add("lost", 4, reason="other")
    samples = scrape(counters)
    assert value(samples, "streams_things_lost_total", reason="full") == 0
    assert value(samples, "streams_things_lost_total", reason="other") == 4


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    counters, depth = Counters(), [1.0]
    counters.watch("depth", lambda: depth[0])
    counters.watch("lag", lambda: {("md.trades", "0"): 5.0, ("md.trades", "1"): 0.0})
    assert value(scrape(counters), "streams_depth") == 1
    depth[0] = 7.5
    samples = scrape(counters)
    assert value(samples, "streams_depth") == 7.5
    assert value(samples, "streams_lag", topic="md.trades", partition="0") == 5


def test_a_gauge_with_nothing_to_read_is_absent() -> None:
    counters = Counters()
    counters.watch("depth", lambda: None)
    assert not [name for name, _ in scrape(counters) if name == "streams_depth"]


@given(st.lists(st.floats(-5, 1_000), min_size=1, max_size=50))
def test_durations_fall_into_every_class_whose_bound_they_do_not_exceed(durations: list[float]) -> None:
    counters = Counters()
    for seconds in durations:
        counters.observe("took", seconds, reason="applied")
    samples = scrape(counters)
    for bound in BUCKETS_S:
        within = value(samples, "streams_work_seconds_bucket", stage="applied", le=str(bound))
        assert within == sum(seconds <= bound for seconds in durations)
    assert value(samples, "streams_work_seconds_bucket", stage="applied", le="+Inf") == len(durations)
    assert value(samples, "streams_work_seconds_count", stage="applied") == len(durations)
    total = sum(max(0.0, seconds) for seconds in durations)
    assert value(samples, "streams_work_seconds_sum", stage="applied") == pytest.approx(total)


def test_labels_of_any_text_can_be_read_back() -> None:
    counters, nasty = Counters(), 'a "quoted\\" one\nof two lines'
    counters.add("lost", reason=nasty)
    assert value(scrape(counters), "streams_things_lost_total", reason=nasty) == 1


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        ("2026-11-20T04:30", "pre_market"),
        ("2026-11-20T11:00", "regular_session"),
        ("2026-11-20T19:59", "after_hours"),
        ("2026-11-20T20:00", "closed"),
        ("2026-11-21T11:00", "closed"),  # a Saturday
        ("2026-11-26T11:00", "closed"),  # Thanksgiving
        ("2026-11-27T13:30", "after_hours"),  # a half-day
    ],
)
def test_data_is_expected_while_a_session_is_open(
    moment: str, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ns = int(datetime.fromisoformat(moment).replace(tzinfo=NEW_YORK).timestamp() * 1e9)
    monkeypatch.setattr("streams.metrics.market.time.time_ns", lambda: now_ns)
    samples = scrape(Counters())
    assert value(samples, "streams_data_expected") == (session != "closed")
    assert value(samples, "streams_market_session", session=session) == 1
    assert sum(number for (name, _), number in samples.items() if name == "streams_market_session") == 1


def test_who_asks_for_openmetrics_gets_it() -> None:
    content, content_type = Exposition("thing", METRICS, Counters()).render(
        "application/openmetrics-text; version=1.0.0"
    )
    assert content_type.startswith("application/openmetrics-text")
    assert {family.name for family in read_openmetrics(content.decode())} >= {"streams_things_sent"}
