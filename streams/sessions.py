"""Trading days and sessions of the US equity market, by event time.

A trading day starts at 04:00 ET. Pre-market runs to 09:30, regular trading to the exchange's close (16:00,
or earlier on half-days), after-hours to 20:00. What comes later, or on a day without trading, belongs to the
day that began at the last 04:00 and to no session. Source of holidays and half-days: NYSE's calendar in
``holidays``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import holidays
from holidays.constants import HALF_DAY, PUBLIC

EXCHANGE: Final = "NYSE"
CLOSE_IN_LABEL: Final = re.compile(r"close at (\d+):(\d+)pm")
NEW_YORK: Final = ZoneInfo("America/New_York")
DAY_START: Final = time(4, 0)
REGULAR_OPEN: Final = time(9, 30)
REGULAR_CLOSE: Final = time(16, 0)
AFTER_HOURS_END: Final = time(20, 0)
EARLY_CLOSE: Final = time(13, 0)
SATURDAY: Final = 5


class Session(StrEnum):
    """The part of a trading day."""

    PRE_MARKET = "pre_market"
    REGULAR = "regular_session"
    AFTER_HOURS = "after_hours"
    CLOSED = "closed"


def at(day: date, clock: time) -> int:
    """Return the ms since 1970 UTC of a wall-clock time in New York."""
    return int(datetime.combine(day, clock, NEW_YORK).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One day from 04:00 ET to the next; all times are ms since 1970 UTC.

    On a day without trading (``is_session`` false) the session bounds all lie at its end.
    """

    date: date
    is_session: bool
    start_ms: int
    open_ms: int
    close_ms: int
    after_hours_end_ms: int
    end_ms: int

    @property
    def is_half_day(self) -> bool:
        """Whether the market opens and closes early."""
        return self.is_session and self.close_ms < at(self.date, REGULAR_CLOSE)

    def session_at(self, time_ms: int) -> Session:
        """Return the session of a time within this day."""
        if not self.is_session or time_ms >= self.after_hours_end_ms:
            return Session.CLOSED
        if time_ms < self.open_ms:
            return Session.PRE_MARKET
        return Session.REGULAR if time_ms < self.close_ms else Session.AFTER_HOURS

    def session_span(self, time_ms: int) -> tuple[int, int]:
        """Return when the session of a time within this day starts and ends; CLOSED counts as one."""
        if not self.is_session:
            return self.start_ms, self.end_ms
        bounds = (self.start_ms, self.open_ms, self.close_ms, self.after_hours_end_ms, self.end_ms)
        return next((start, end) for start, end in pairwise(bounds) if time_ms < end)

    def baseline_start(self, time_ms: int) -> int:
        """Return when the open baseline of a time within this day began: 04:00, from 09:30 on 09:30."""
        return self.open_ms if self.is_session and time_ms >= self.open_ms else self.start_ms


class MarketCalendar:
    """The trading days, looked up by event time and kept once known."""

    def __init__(self) -> None:
        self._days: dict[date, TradingDay] = {}
        self._closed = holidays.financial_holidays(EXCHANGE, categories=PUBLIC)
        self._half = holidays.financial_holidays(EXCHANGE, categories=HALF_DAY)

    def day_at(self, time_ms: int) -> TradingDay:
        """Return the trading day of an event time (ms since 1970 UTC, up to the year 9998)."""
        moment = _in_new_york(time_ms)
        day = moment.date()
        return self.day(day if moment.time() >= DAY_START else day - timedelta(days=1))

    def date_at(self, time_ms: int) -> date:
        """Return the date in New York at a time (ms since 1970 UTC)."""
        return _in_new_york(time_ms).date()

    def day(self, day: date) -> TradingDay:
        """Return the trading day that starts at 04:00 ET of a date."""
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = self._make(day)
        return known

    def name(self, day: date) -> str | None:
        """Return what the exchange calls a holiday or a half-day, such as Good Friday; None on other days."""
        label = self._closed.get(day) or self._half.get(day)
        return None if label is None else label.partition(" (markets ")[0]

    def previous_session(self, day: date) -> date:
        """Return the last date before ``day`` on which the market opened."""
        day -= timedelta(days=1)
        while not self.day(day).is_session:
            day -= timedelta(days=1)
        return day

    def next_session(self, day: date) -> date:
        """Return the first date after ``day`` on which the market opens."""
        day += timedelta(days=1)
        while not self.day(day).is_session:
            day += timedelta(days=1)
        return day

    def _make(self, day: date) -> TradingDay:
        end_ms = at(day + timedelta(days=1), DAY_START)
        close_ms = self._close_ms(day)
        is_session = close_ms is not None
        return TradingDay(
            date=day,
            is_session=is_session,
            start_ms=at(day, DAY_START),
            open_ms=at(day, REGULAR_OPEN) if is_session else end_ms,
            close_ms=close_ms if close_ms is not None else end_ms,
            after_hours_end_ms=at(day, AFTER_HOURS_END) if is_session else end_ms,
            end_ms=end_ms,
        )

    def _close_ms(self, day: date) -> int | None:
        if day.weekday() >= SATURDAY or day in self._closed:
            return None
        return at(day, _early_close(self._half[day]) if day in self._half else REGULAR_CLOSE)


def _early_close(label: str) -> time:
    """Return the close that a half-day's label tells, such as "… (markets close at 1:00pm)"."""
    told = CLOSE_IN_LABEL.search(label)
    return time(int(told[1]) + 12, int(told[2])) if told else EARLY_CLOSE


def _in_new_york(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(NEW_YORK)
