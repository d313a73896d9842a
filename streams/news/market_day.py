"""The market's calendar as clients get it: the session now, today's bounds, and the next trading day's.

It goes by the wall clock, which is what a dashboard shows beside the market's data.
"""

from __future__ import annotations

import msgspec

from streams.sessions import MarketCalendar, Session, TradingDay


class DaySessions(msgspec.Struct):
    """A day's sessions; times are ms since 1970 UTC, None on a day without trading.

    Attributes:
        date: The day, as 2026-11-27.
        is_session: Whether the market opens.
        is_half_day: Whether it closes early.
        start_ms: When pre-market begins.
        open_ms: When regular trading begins.
        close_ms: When it ends.
        after_hours_end_ms: When after-hours trading ends.
    """

    date: str
    is_session: bool
    is_half_day: bool
    start_ms: int | None
    open_ms: int | None
    close_ms: int | None
    after_hours_end_ms: int | None


class CalendarNow(msgspec.Struct):
    """The calendar at one time.

    Attributes:
        session: The session now.
        next_change_ms: When the next one begins, ms since 1970 UTC.
        today: The trading day that began at the last 04:00 ET.
        next: The next day on which the market opens.
    """

    session: Session
    next_change_ms: int
    today: DaySessions
    next: DaySessions


def calendar_at(now_ms: int, calendar: MarketCalendar) -> CalendarNow:
    """Return the calendar at a time, ms since 1970 UTC."""
    today = calendar.day_at(now_ms)
    following = calendar.day(calendar.next_session(today.date))
    bounds = (today.open_ms, today.close_ms, today.after_hours_end_ms) if today.is_session else ()
    return CalendarNow(
        today.session_at(now_ms),
        next((bound for bound in bounds if bound > now_ms), following.start_ms),
        _sessions(today),
        _sessions(following),
    )


def _sessions(day: TradingDay) -> DaySessions:
    if not day.is_session:
        return DaySessions(day.date.isoformat(), False, False, None, None, None, None)
    return DaySessions(
        day.date.isoformat(),
        is_session=True,
        is_half_day=day.is_half_day,
        start_ms=day.start_ms,
        open_ms=day.open_ms,
        close_ms=day.close_ms,
        after_hours_end_ms=day.after_hours_end_ms,
    )
