"""Which day reference data is loaded for, and when; which day's must be there."""

from __future__ import annotations

from datetime import time, timedelta

from streams.sessions import MarketCalendar, TradingDay, at


def day_to_load(calendar: MarketCalendar, now_ms: int) -> TradingDay:
    """Return the trading day to load for: today's until 20:00 ET, else the next session's."""
    day = calendar.date_at(now_ms)
    today = calendar.day(day)
    if today.is_session and now_ms < today.after_hours_end_ms:
        return today
    return calendar.day(calendar.next_session(day))


def day_due(calendar: MarketCalendar, now_ms: int, ahead_ms: int) -> TradingDay:
    """Return the trading day whose data must be there at ``now_ms``: today's, or the last session's.

    It must be there ``ahead_ms`` before the day starts, and is for as long as no other session starts.
    """
    day = calendar.day_at(now_ms + ahead_ms)
    return day if day.is_session else calendar.day(calendar.previous_session(day.date))


def next_load_ms(calendar: MarketCalendar, now_ms: int, clock: time) -> int:
    """Return when to load next after ``now_ms``: at a time of day in New York, on a day with a session.

    Both are ms since 1970 UTC.
    """
    day = calendar.date_at(now_ms)
    while not calendar.day(day).is_session or at(day, clock) <= now_ms:
        day += timedelta(days=1)
    return at(day, clock)
