"""Whether feeds that are due do come: how long ago they were written, and whether it was heard here.

Due are those that the catalogue gives a period, while the exchange is open. One that Redis has never held is
not: then this is no installation that makes it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

from streams.feeds import CATALOGUE, Feed
from streams.sessions import MarketCalendar, Session

DUE: Final = tuple(feed for feed in CATALOGUE if feed.period_s is not None)
"""The feeds of which it is known how often they are written."""
CHECK_S: Final = 5.0
"""Time between two checks: what was written before the last one must have been heard."""
TOLERANCE_S: Final = 1.0
"""How exact the time of a write is known."""


class Punctuality:
    """Compares what was written with what is expected and with what was heard.

    Args:
        stale_after_s: By how much a feed may be late, in seconds; 0 for however much.
        clock_ms: The time now, ms since 1970 UTC.
        monotonic_s: Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        stale_after_s: float,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stale_after_s = stale_after_s
        self._clock_ms = clock_ms
        self._monotonic_s = monotonic_s
        self._calendar = MarketCalendar()
        self._started_s = monotonic_s()
        self._written_s: dict[Feed, float] = {}
        self._written_before_s: dict[Feed, float] = {}
        self._since_s: dict[str, float] = {}

    def note(self, ages_s: Mapping[Feed, float]) -> None:
        """Take note of how many seconds ago feeds were written; called every CHECK_S."""
        now_s = self._monotonic_s()
        self._written_before_s = dict(self._written_s)
        for feed, age_s in ages_s.items():
            self._written_s[feed] = now_s - age_s

    def late(self) -> dict[str, float]:
        """Return the feeds that should have been written by now, with the seconds since they were."""
        now_s, open_s = self._monotonic_s(), self._open_for_s()
        watched_s = min(now_s - self._started_s, open_s)
        if not self._stale_after_s or watched_s <= self._stale_after_s:
            return {}
        ages = {feed: now_s - written_s for feed, written_s in self._written_s.items()}
        return {
            feed.pattern: age_s
            for feed, age_s in ages.items()
            if age_s > self._stale_after_s + (feed.period_s or 0)
        }

    def unheard(self, subscribed: Collection[str], ages_s: Mapping[str, float]) -> list[str]:
        """Return the feeds whose second newest known write has not been heard; called after ``note``.

        Args:
            subscribed: The feeds that are subscribed.
            ages_s: Seconds since each feed was heard, by its pattern.
        """
        now_s = self._monotonic_s()
        self._since_s = {name: self._since_s.get(name, now_s) for name in subscribed}
        deaf = [
            feed.pattern
            for feed, written_s in self._written_before_s.items()
            if written_s > self._since_s.get(feed.pattern, now_s)
            and now_s - ages_s.get(feed.pattern, math.inf) < written_s - TOLERANCE_S
        ]
        for name in deaf:
            # It is subscribed anew, and what was written before tells nothing of that.
            del self._since_s[name]
        return deaf

    def _open_for_s(self) -> float:
        now_ms = self._clock_ms()
        day = self._calendar.day_at(now_ms)
        return (now_ms - day.open_ms) / 1_000 if day.session_at(now_ms) is Session.REGULAR else 0.0
