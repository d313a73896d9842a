"""What operators are told of reference data: pure rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from streams.reference.coverage import (
    COMPLETE_SHARE,
    RANKED_BY,
    Coverage,
    DayCount,
    Lacking,
    State,
    is_of_most,
)
from streams.sessions import MarketCalendar, TradingDay

FIGURES: Final = (
    "day", "day_ms", "loaded_ms", "symbols", "known", "complete", "complete_share", "lacking", "rejected",
)  # fmt: skip
LOAD: Final = "streams reference load"
"""The command that mends it."""
TOLERATED: Final[Mapping[str, float]] = {field: 1 - COMPLETE_SHARE for field in RANKED_BY}
"""Share of symbols of which a field may be unknown …"""
TOLERATED_ELSE: Final = 0.5
"""… and of fields that funds, warrants and new listings lack anyway."""
UNKNOWN: Final = "unknown"
"""The state before anything was read."""


def report(coverage: Coverage | None, due: TradingDay, calendar: MarketCalendar) -> dict[str, Any]:
    """Return the figures, the state and a sentence on it; what is not known is None, never 0.

    Args:
        coverage: What there is; None before it was read.
        due: The trading day whose data must be there.
        calendar: Names the day that there is data of.
    """
    if coverage is None:
        return dict.fromkeys(FIGURES) | {"state": UNKNOWN, "told": "Reference data has not been read yet"}
    state = coverage.state(due.start_ms)
    newest = coverage.days[0] if coverage.days else DayCount(0, 0, 0)
    day = calendar.date_at(newest.day_ms).isoformat() if coverage.days else None
    return {
        "state": state,
        "told": _sentence(state, coverage, day, due),
        "day": day,
        "day_ms": newest.day_ms if coverage.days else None,
        "loaded_ms": coverage.loaded_ms,
        "symbols": newest.symbols,
        "known": coverage.known,
        "complete": newest.complete,
        "complete_share": _share(newest.complete, newest.symbols),
        "lacking": [_lacking(each, newest.symbols) for each in coverage.lacking],
        "rejected": coverage.rejected,
    }


def _lacking(lacking: Lacking, symbols: int) -> dict[str, Any]:
    share = _share(lacking.count, symbols)
    return {
        "field": lacking.field,
        "count": lacking.count,
        "share": share,
        "too_many": share is not None and share > TOLERATED.get(lacking.field, TOLERATED_ELSE),
        "examples": lacking.examples,
    }


def _sentence(state: State, coverage: Coverage, day: str | None, due: TradingDay) -> str:
    match state:
        case State.ABSENT:
            return f"There is no reference data, that of {due.date} is due: {LOAD}"
        case State.OLD:
            return f"Reference data is of {day}, that of {due.date} is due: {LOAD}"
        case State.COMPLETE:
            return f"Reference data that is due is there: of {day}"
    current, known = coverage.current(due.start_ms), coverage.known
    if not is_of_most(current, known):
        return f"Only {current.symbols} of {known} symbols have reference data of {due.date}: {LOAD}"
    # Not rounded up to what would do.
    percent = math.floor(10_000 * current.complete / current.symbols) / 100
    return (
        f"Only {percent:.2f} % of {current.symbols} symbols have a previous close and an average volume "
        f"for {due.date}: {LOAD}"
    )


def _share(count: int, symbols: int) -> float | None:
    return round(count / symbols, 4) if symbols else None
