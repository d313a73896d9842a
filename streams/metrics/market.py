"""What every component says of itself and of the market: alerts are quiet when no data is expected."""

from __future__ import annotations

import time
from functools import cache

from streams.sessions import MarketCalendar, Session
from streams.telemetry import Counters
from streams.version import VERSION


def watch(counters: Counters) -> None:
    """Make ``counters`` tell the version, the start, the session and whether data is expected."""
    calendar = cache(MarketCalendar)  # it takes a while, so whoever asks first has it made
    started = time.time()
    built: dict[tuple[str, ...], float] = {(VERSION,): 1.0}

    def session_now() -> Session:
        now_ms = time.time_ns() // 1_000_000
        return calendar().day_at(now_ms).session_at(now_ms)

    counters.watch("build", lambda: built)
    counters.watch("started", lambda: started)
    counters.watch("data_expected", lambda: float(session_now() is not Session.CLOSED))
    counters.watch("market_session", lambda: _one_of(session_now()))


def _one_of(now: Session) -> dict[tuple[str, ...], float]:
    return {(str(session),): float(session is now) for session in Session}
