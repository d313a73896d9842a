"""The exchange's calendar as operators see it: today's sessions, what is next, the days ahead. Pure rules."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from streams.news.market_day import calendar_at
from streams.sessions import NEW_YORK, MarketCalendar, Session

AHEAD_DAYS: Final = 120


def market_days(calendar: MarketCalendar, now_ms: int) -> dict[str, Any]:
    """Return the calendar at a time; all times are ms since 1970 UTC, and New York's as hh:mm.

    Returns:
        {session, next_change_ms, next_session, today, next, ahead}: the session now and what follows it when;
        the day that it is in New York and the next on which the market opens; holidays and half-days of the
        next 120 days. A day is {date, start_ms, is_session, is_half_day, name, close_et, sessions}.
    """
    now, today = calendar_at(now_ms, calendar), calendar.date_at(now_ms)
    following = now.next_change_ms
    return {
        "session": now.session,
        "next_change_ms": following,
        "next_session": calendar.day_at(following).session_at(following),
        "today": _described(calendar, today),
        "next": _described(calendar, calendar.next_session(today)),
        "ahead": [_described(calendar, day) for day in _ahead(calendar, today)],
    }


def _ahead(calendar: MarketCalendar, today: date) -> list[date]:
    """Return the days to come that are unlike others: weekends are like others."""
    days = (today + timedelta(days=number) for number in range(1, AHEAD_DAYS + 1))
    return [day for day in days if calendar.name(day) is not None]


def _described(calendar: MarketCalendar, date_: date) -> dict[str, Any]:
    day = calendar.day(date_)
    bounds = (
        (Session.PRE_MARKET, day.start_ms, day.open_ms),
        (Session.REGULAR, day.open_ms, day.close_ms),
        (Session.AFTER_HOURS, day.close_ms, day.after_hours_end_ms),
    )
    return {
        "date": date_.isoformat(),
        "start_ms": day.start_ms,
        "is_session": day.is_session,
        "is_half_day": day.is_half_day,
        "name": calendar.name(date_),
        "close_et": _clock(day.close_ms) if day.is_session else None,
        "sessions": [
            {
                "session": session,
                "from_ms": from_ms,
                "to_ms": to_ms,
                "from_et": _clock(from_ms),
                "to_et": _clock(to_ms),
            }
            for session, from_ms, to_ms in (bounds if day.is_session else ())
        ],
    }


def _clock(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, NEW_YORK).strftime("%H:%M")
