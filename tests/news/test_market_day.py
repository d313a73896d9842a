from __future__ import annotations

from datetime import date, time

import pytest

from streams.news.market_day import calendar_at
from streams.sessions import MarketCalendar, Session, at

CALENDAR = MarketCalendar()
FRIDAY = date(2026, 11, 20)
THANKSGIVING = date(2026, 11, 26)
DAY_AFTER = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("clock", "session", "next_change"),
    [
        (time(4), Session.PRE_MARKET, at(FRIDAY, time(9, 30))),
        (time(9, 30), Session.REGULAR, at(FRIDAY, time(16))),
        (time(16), Session.AFTER_HOURS, at(FRIDAY, time(20))),
        (time(20), Session.CLOSED, at(date(2026, 11, 23), time(4))),
    ],
)
def test_the_session_and_its_end(clock: time, session: Session, next_change: int) -> None:
    now = calendar_at(at(FRIDAY, clock), CALENDAR)
    assert (now.session, now.next_change_ms) == (session, next_change)
    assert (now.today.date, now.next.date) == ("2026-11-20", "2026-11-23")


def test_a_holiday_has_no_sessions_and_the_half_day_after_it_closes_early() -> None:
    now = calendar_at(at(THANKSGIVING, time(12)), CALENDAR)
    assert (now.session, now.today.is_session, now.today.open_ms) == (Session.CLOSED, False, None)
    assert now.next_change_ms == at(DAY_AFTER, time(4))
    assert (now.next.date, now.next.is_half_day) == ("2026-11-27", True)
    assert now.next.close_ms == at(DAY_AFTER, time(13))


def test_before_four_it_is_still_the_day_before() -> None:
    now = calendar_at(at(FRIDAY, time(3, 59)), CALENDAR)
    assert (now.today.date, now.next.date) == ("2026-11-19", "2026-11-20")
    assert now.next_change_ms == at(FRIDAY, time(4))
