from collections import Counter

from streams.faults.comparison import Comparison, compare
from streams.faults.results import Identity, Results

ROW: Identity = ("scanners:top_volume", "ABC")
ALERT: Identity = ("daily_range_hod_alert", '{"symbol":"ABC"}')


def results(**values: list[bytes]) -> Results:
    return {{"row": ROW, "alert": ALERT}[name]: Counter(entries) for name, entries in values.items()}


def test_equal_results_agree() -> None:
    assert compare(results(row=[b"1"], alert=[b"a", b"a"]), results(row=[b"1"], alert=[b"a", b"a"])).agrees


def test_what_is_missing_is_lost() -> None:
    assert compare(results(row=[b"1"]), {}) == Comparison(Counter({ROW: 1}), Counter())


def test_what_differs_is_lost_once_and_not_doubled() -> None:
    assert compare(results(row=[b"1"]), results(row=[b"2"])) == Comparison(Counter({ROW: 1}), Counter())


def test_what_is_there_twice_is_doubled() -> None:
    found = compare(results(alert=[b"a"]), results(alert=[b"a", b"a"]))
    assert found == Comparison(Counter(), Counter({ALERT: 1}))


def test_what_nobody_expects_is_doubled() -> None:
    assert compare({}, results(row=[b"1"])).doubled == Counter({ROW: 1})


def test_only_what_is_new_counts_for_the_next_fault() -> None:
    before = compare(results(row=[b"1"]), {})
    after = compare(results(row=[b"1"], alert=[b"a"]), {})
    assert after.beyond(before) == Comparison(Counter({ALERT: 1}), Counter())
