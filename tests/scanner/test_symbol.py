"""The rules by which bars change a symbol's state."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import msgspec
import pytest

from streams.events import Aggregate
from streams.scanner.symbol import SymbolState, SymbolStates
from streams.sessions import MarketCalendar, at
from streams.telemetry import Counters

MONDAY, TUESDAY = date(2017, 7, 10), date(2017, 7, 11)


@pytest.fixture(scope="module")
def calendar() -> MarketCalendar:
    return MarketCalendar()


@pytest.fixture
def states(calendar: MarketCalendar) -> SymbolStates:
    return SymbolStates({}, calendar, Counters())


def bar(day: date, clock: time, close: float = 10.0, **fields: Any) -> Aggregate:  # noqa: ANN401  an event's fields
    start = at(day, clock)
    whole: dict[str, Any] = {"sym": "A", "av": 100, "c": close, "s": start, "e": start + 1000, **fields}
    return Aggregate(**whole)


def apply(states: SymbolStates, *bars: Aggregate, received_ms: int | None = None) -> SymbolState:
    for offset, each in enumerate(bars):
        states.apply([each], offset, received_ms)
    return states.rows["A"]


def test_the_baseline_is_the_first_open_of_the_day(states: SymbolStates) -> None:
    state = apply(states, bar(MONDAY, time(4), o=9.0), bar(MONDAY, time(9, 29), o=8.0))
    assert state.open == 9.0


def test_the_baseline_is_the_first_close_where_there_is_no_open(states: SymbolStates) -> None:
    assert apply(states, bar(MONDAY, time(4), close=9.5)).open == 9.5


def test_the_baseline_starts_afresh_at_0930(states: SymbolStates) -> None:
    state = apply(states, bar(MONDAY, time(9, 29, 59), o=9.0), bar(MONDAY, time(9, 30), o=8.0))
    assert (state.open, state.since_ms) == (8.0, at(MONDAY, time(9, 30)))


def test_the_baseline_stays_after_the_close(states: SymbolStates) -> None:
    state = apply(states, bar(MONDAY, time(9, 30), o=9.0), bar(MONDAY, time(19, 59), o=8.0))
    assert state.open == 9.0


def test_the_day_starts_afresh_at_0400(states: SymbolStates) -> None:
    state = apply(states, bar(MONDAY, time(16), o=9.0), bar(TUESDAY, time(4), o=8.0))
    assert (state.open, state.day_ms) == (8.0, at(TUESDAY, time(4)))


def test_before_0400_it_is_still_the_day_before(states: SymbolStates) -> None:
    state = apply(states, bar(MONDAY, time(16), o=9.0), bar(TUESDAY, time(3, 59), o=8.0))
    assert (state.open, state.day_ms) == (9.0, at(MONDAY, time(4)))


def test_an_older_bar_does_not_overwrite_a_newer_one(states: SymbolStates) -> None:
    state = apply(states, bar(MONDAY, time(10, 0, 1), close=2.0), bar(MONDAY, time(10), close=1.0))
    assert state.last.c == 2.0


def test_a_bar_of_the_same_second_corrects_the_one_before(states: SymbolStates) -> None:
    state = apply(states, bar(MONDAY, time(10), close=2.0), bar(MONDAY, time(10), close=1.0))
    assert state.last.c == 1.0


@pytest.mark.parametrize("minute_first", [False, True])
def test_of_a_second_and_a_minute_that_end_together_the_second_counts(
    states: SymbolStates, minute_first: bool
) -> None:
    second = bar(MONDAY, time(10, 0, 59), v=1)
    minute = msgspec.structs.replace(second, s=at(MONDAY, time(10)), v=60)
    state = apply(states, *([minute, second] if minute_first else [second, minute]))
    assert state.last.v == 1


def test_a_late_pre_market_bar_does_not_touch_the_baseline_of_regular_trading(
    states: SymbolStates,
) -> None:
    state = apply(states, bar(MONDAY, time(9, 30), o=9.0), bar(MONDAY, time(9, 29), o=1.0, close=1.0))
    assert (state.open, state.last.c) == (9.0, 10.0)


def test_a_bar_of_yesterday_changes_nothing(calendar: MarketCalendar) -> None:
    counters = Counters()
    states = SymbolStates({}, calendar, counters)
    state = apply(states, bar(TUESDAY, time(10)), bar(MONDAY, time(10), close=1.0))
    assert state.last.c == 10.0
    assert counters.by_reason("events_ignored") == {"earlier_day": 1}


def test_a_bar_that_lies_a_day_after_its_receipt_changes_nothing(calendar: MarketCalendar) -> None:
    counters = Counters()
    states = SymbolStates({}, calendar, counters)
    now = at(MONDAY, time(10))
    state = apply(states, bar(MONDAY, time(10)), bar(TUESDAY, time(10), close=1.0), received_ms=now)
    assert state.last.c == 10.0
    assert counters.by_reason("events_ignored") == {"from_the_future": 1}


def test_a_replay_of_last_week_is_no_less_believed(states: SymbolStates) -> None:
    assert apply(states, bar(MONDAY, time(10)), received_ms=at(date(2026, 11, 20), time(10))).last.c == 10.0


def test_a_changed_state_is_stamped_with_its_batch(states: SymbolStates) -> None:
    assert apply(states, bar(MONDAY, time(10)), bar(MONDAY, time(10, 0, 1))).offset == 1


def test_on_a_day_without_trading_the_baseline_is_that_of_0400(states: SymbolStates) -> None:
    saturday = date(2017, 7, 8)
    state = apply(states, bar(saturday, time(9), o=9.0), bar(saturday, time(10), o=8.0))
    assert state.open == 9.0
