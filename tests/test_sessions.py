"""Trading days and sessions by event time: holidays, half-days, changes of daylight saving time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from streams.sessions import MarketCalendar, Session, at

CALENDAR = MarketCalendar()


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("clock", "session"),
    [
        (time(4), Session.PRE_MARKET),
        (time(9, 29, 59), Session.PRE_MARKET),
        (time(9, 30), Session.REGULAR),
        (time(15, 59, 59), Session.REGULAR),
        (time(16), Session.AFTER_HOURS),
        (time(19, 59, 59), Session.AFTER_HOURS),
        (time(20), Session.CLOSED),
    ],
)
def test_a_full_day_has_three_sessions(clock: time, session: Session) -> None:
    day = date(2017, 7, 10)
    assert CALENDAR.day(day).session_at(at(day, clock)) is session


@pytest.mark.parametrize("day", [date(2026, 11, 27), date(2026, 12, 24), date(2017, 7, 3)])
def test_a_half_day_closes_at_1300(day: date) -> None:
    assert CALENDAR.day(day).session_at(at(day, time(12, 59))) is Session.REGULAR
    assert CALENDAR.day(day).session_at(at(day, time(13))) is Session.AFTER_HOURS
    assert CALENDAR.day(day).is_half_day


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 7, 3),  # Independence Day falls on a Saturday
        date(2026, 11, 26),  # Thanksgiving
        date(2026, 4, 3),  # Good Friday
        date(2025, 1, 9),  # day of mourning
        date(2012, 10, 29),  # hurricane Sandy
        date(2026, 11, 21),  # a Saturday
    ],
)
def test_on_a_day_without_trading_there_is_no_session(day: date) -> None:
    assert not CALENDAR.day(day).is_session
    assert CALENDAR.day(day).session_at(at(day, time(12))) is Session.CLOSED


def test_before_0400_it_is_the_day_before() -> None:
    assert CALENDAR.day_at(at(date(2026, 11, 20), time(3, 59, 59))).date == date(2026, 11, 19)
    assert CALENDAR.day_at(at(date(2026, 11, 20), time(4))).date == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        (date(2026, 3, 6), "2026-03-06T14:30"),  # standard time
        (date(2026, 3, 9), "2026-03-09T13:30"),  # daylight saving time since 8 March
        (date(2026, 10, 30), "2026-10-30T13:30"),
        (date(2026, 11, 2), "2026-11-02T14:30"),  # standard time since 1 November
    ],
)
def test_the_open_follows_daylight_saving_time(day: date, opens: str) -> None:
    assert CALENDAR.day(day).open_ms == utc(opens)


def test_days_follow_one_another_without_a_gap() -> None:
    day = date(2026, 1, 1)
    for _ in range(365):
        assert CALENDAR.day(day).end_ms == CALENDAR.day(day + timedelta(days=1)).start_ms
        day += timedelta(days=1)


def test_the_previous_session_skips_weekends_and_holidays() -> None:
    assert CALENDAR.previous_session(date(2026, 11, 30)) == date(2026, 11, 27)
    assert CALENDAR.previous_session(date(2026, 11, 27)) == date(2026, 11, 25)
    assert CALENDAR.next_session(date(2026, 11, 25)) == date(2026, 11, 27)


def test_the_baseline_starts_at_0400_and_again_at_0930() -> None:
    day = CALENDAR.day(date(2026, 11, 20))
    assert day.baseline_start(at(day.date, time(9, 29))) == day.start_ms
    assert day.baseline_start(at(day.date, time(19))) == day.open_ms
