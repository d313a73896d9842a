"""Which day is loaded, which must be there, when the next load is due, against a walk through the minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.reference.schedule import day_due, day_to_load, next_load_ms
from streams.sessions import MarketCalendar

NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = MarketCalendar()
HOLIDAYS = {date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1)}
WINTER = datetime(2026, 10, 20, tzinfo=UTC)
moments = st.integers(0, 80 * 24 * 60).map(lambda minutes: WINTER + timedelta(minutes=minutes))


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def is_session(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


@settings(max_examples=60)
@given(now=moments, clock=st.sampled_from([time(0), time(0, 30), time(3), time(3, 59)]))
def test_the_next_load_is_the_next_time_that_the_clock_shows_it_on_a_session_day(
    now: datetime, clock: time
) -> None:
    moment = now
    while True:
        moment += timedelta(minutes=1)
        local = moment.astimezone(NEW_YORK)
        if (local.hour, local.minute) == (clock.hour, clock.minute) and is_session(local.date()):
            break
    assert next_load_ms(CALENDAR, ms(now), clock) == ms(moment)


@given(now=moments)
def test_a_day_is_loaded_that_has_not_ended_and_never_one_that_was_skipped(now: datetime) -> None:
    day = day_to_load(CALENDAR, ms(now)).date
    local = now.astimezone(NEW_YORK)
    assert is_session(day)
    assert day > local.date() or (day == local.date() and local.time() < time(20))
    skipped = [local.date() + timedelta(days=ahead) for ahead in range((day - local.date()).days)]
    assert not [each for each in skipped[1:] if is_session(each)]
    assert not skipped or not is_session(skipped[0]) or local.time() >= time(20)


@given(now=moments)
def test_from_0345_on_the_data_of_that_session_must_be_there_until_the_next(now: datetime) -> None:
    local = now.astimezone(NEW_YORK)
    day = local.date() if local.time() >= time(3, 45) else local.date() - timedelta(days=1)
    while not is_session(day):
        day -= timedelta(days=1)
    assert day_due(CALENDAR, ms(now), 15 * 60_000).date == day
