"""How late readers are, and which errors still stand."""

from __future__ import annotations

import pytest

from streams.scp import condition
from streams.scp.end_history import EndHistory, Reading
from streams.scp.group_report import GroupReport
from streams.scp.incident import FORGOTTEN_MS, LastError


def history(*moments: tuple[float, int]) -> EndHistory:
    made = EndHistory()
    for at_s, end in moments:
        made.add(at_s, end)
    return made


GROWING = ((0, 100), (5, 110), (10, 110), (15, 200))


@pytest.mark.parametrize(
    ("offset", "records", "seconds"),
    [(200, 0, 0), (155, 45, 2.5), (110, 90, 5), (105, 95, 12.2), (50, 150, 15), (300, 0, 0)],
)
def test_lag_is_how_long_the_next_record_has_been_there(offset: int, records: int, seconds: float) -> None:
    reading = Reading(15, offset)
    assert history(*GROWING).lag(reading) == records
    assert history(*GROWING).lag_s(reading) == pytest.approx(seconds, abs=0.1)


def test_rates_are_those_of_the_last_while() -> None:
    assert history(*GROWING).rate() == pytest.approx(100 / 15)


def test_a_topic_that_was_made_anew_begins_a_new_history() -> None:
    anew = history((0, 1_000), (5, 10))
    assert anew.rate() is None
    assert anew.lag_s(Reading(5, 10)) == 0


def test_records_that_came_after_a_worker_was_asked_are_no_lag() -> None:
    ends = history((0, 0), (5, 500), (10, 1_000))
    assert ends.lag_s(Reading(8, 800, lag=0)) == 0
    assert ends.lag_s(Reading(8, 700, lag=100)) == pytest.approx(1, abs=0.1)


def test_a_worker_that_fetches_no_more_is_late_whatever_it_says() -> None:
    ends = history((0, 0), (5, 500), (10, 1_000))
    assert ends.lag(Reading(10, 500, lag=0)) == 500
    assert ends.lag_s(Reading(10, 500, lag=0)) == pytest.approx(5, abs=0.1)


def test_what_is_committed_seldom_is_not_late_where_a_worker_says_that_it_has_read_all() -> None:
    report = GroupReport()
    report.take(5, {0: history((0, 0), (5, 500))}, {0: 100}, {0: Reading(5, 500, lag=0)})
    told = report.describe()
    assert (told["lag"], told["lag_s"]) == (0, 0)
    report.take(5, {0: history((0, 0), (5, 500))}, {0: 100}, {})
    assert report.describe()["lag"] == 400


def test_a_group_tells_whether_its_lag_grows_and_when_it_will_be_gone() -> None:
    ends, report = EndHistory(), GroupReport()
    trends = []
    for at_s in range(0, 200, 5):
        ends.add(at_s, at_s * 100)
        # It stops reading for a minute, then reads twice as fast as records come.
        offset = min(at_s, 50) if at_s < 110 else min(at_s, 50 + 2 * (at_s - 110))
        report.take(at_s, {0: ends}, {0: offset * 100}, {})
        trends.append((told := report.describe())["trend"])
        if at_s == 150:
            assert told["drain_s"] == pytest.approx(20, abs=3)
    assert [trends[at // 5] for at in (10, 45, 100, 150, 195)] == [
        None,
        "steady",
        "rising",
        "falling",
        "falling",
    ]


def test_a_commit_that_stands_while_records_come_is_told() -> None:
    ends, report = EndHistory(), GroupReport()
    standing = []
    for at_s in range(0, 45, 5):
        ends.add(at_s, at_s)
        report.take(at_s, {0: ends}, {0: min(at_s, 10)}, {})
        standing.append(report.describe()["details"][0]["standing_s"])
    assert standing == [0, 0, 0, 5, 10, 15, 20, 25, 30]


def test_positions_are_read_from_what_a_worker_says() -> None:
    good = {"topic": "md.trades", "partition": 1, "position": 7, "lag": None}
    health = {"partitions": [good, {"topic": "md.trades"}, None, 3]}
    assert condition.positions(health) == {("md.trades", 1): (7, None)}
    assert condition.positions({}) == {}


def error() -> LastError:
    """Return a component's that has been healthy."""
    made = LastError()
    made.take(0, None, is_healthy=True)
    return made


def test_an_error_is_over_since_the_component_is_healthy_and_is_forgotten_later() -> None:
    last = error()
    last.take(1_000, ("it does not listen", None), is_healthy=False)
    assert last.describe() == {"message": "it does not listen", "at_ms": 1_000, "over_ms": None}
    last.take(3_000, None, is_healthy=True)
    last.take(5_000, None, is_healthy=True)
    assert last.describe() == {"message": "it does not listen", "at_ms": 1_000, "over_ms": 3_000}
    last.take(3_000 + FORGOTTEN_MS, None, is_healthy=True)
    assert last.describe() is None


def test_an_error_that_a_component_goes_on_telling_of_is_not_new() -> None:
    last = error()
    for at_ms in (1_000, 2_000, 3_000):
        last.take(at_ms, ("the vendor closed", 900), is_healthy=at_ms > 1_000)
    assert last.describe() == {"message": "the vendor closed", "at_ms": 900, "over_ms": 2_000}
    last.take(4_000, ("the vendor closed", 3_900), is_healthy=True)
    assert last.describe() == {"message": "the vendor closed", "at_ms": 3_900, "over_ms": 4_000}


def test_what_went_wrong_while_a_component_started_is_forgotten() -> None:
    last = LastError()
    last.take(0, ("it does not listen", None), is_healthy=False)
    last.take(2_000, ("Kafka does not answer", 1_000), is_healthy=False)
    assert last.describe() == {"message": "Kafka does not answer", "at_ms": 1_000, "over_ms": None}
    last.take(4_000, ("Kafka does not answer", 1_000), is_healthy=True)
    last.take(6_000, ("Kafka does not answer", 1_000), is_healthy=True)
    assert last.describe() is None


def test_the_newest_of_a_components_errors_is_told() -> None:
    health = {"last_error": "old", "last_error_at": 5, "kafka": {"last_error": "new", "last_error_at": 9}}
    assert condition.last_error(health) == ("new", 9_000)
    assert condition.last_error({"last_error": "x", "last_error_at": float("inf")}) == ("x", None)
    assert condition.last_error({"problems": ["Redis is away"], "last_error": "old"}) == (
        "Redis is away",
        None,
    )
