"""The rules of the daily range (DESIGN 4) once more: slow, in plain Python, from all events at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from tests.scanner.brute_force import (
    NEW_YORK,
    Arrival,
    Json,
    is_aggregate,
    is_believed,
    moment_of,
    row_of,
    start_ms,
)

HALF_DAYS = {date(2017, 7, 3), date(2017, 11, 24)}
HOLIDAYS = {date(2017, 7, 4), date(2017, 11, 23)}
FIELDS = {"pre_market": "pre_market", "regular": "regular_session", "after_hours": "after_hours"}
WORDS = {"pre_market": "pre-market", "regular": "regular session"}
EARLIER = {"pre_market": [], "regular": ["pre_market"], "after_hours": ["regular", "pre_market"]}


def session_of(time_ms: int) -> tuple[date, str | None]:
    """Return the trading day of an event time, and its session."""
    local = datetime.fromtimestamp(time_ms / 1000, NEW_YORK)
    day = local.date() if local.time() >= time(4) else local.date() - timedelta(days=1)
    if day.weekday() > 4 or day in HOLIDAYS or local.date() != day or local.time() >= time(20):
        return day, None
    if local.time() < time(9, 30):
        return day, "pre_market"
    close = time(13) if day in HALF_DAYS else time(16)
    return day, "regular" if local.time() < close else "after_hours"


def prices(bars: Iterable[Json], day: date, session: str | None, direction: str) -> list[float]:
    """Return the prices of a session that count for its high or its low."""
    name = {"high": "h", "low": "l"}[direction]
    found = [
        bar["c"] if bar.get(name) is None else bar[name]
        for bar in bars
        if session_of(bar["s"]) == (day, session)
    ]
    return [price for price in found if price > 0]


def bound(bars: list[Json], day: date, session: str, direction: str) -> float | None:
    """Return a session's high or low."""
    found = prices(bars, day, session, direction)
    return (max if direction == "high" else min)(found) if found else None


def bars_by_symbol(arrivals: Iterable[Arrival]) -> dict[str, list[Json]]:
    """Return the bars that count, in the order of their arrival."""
    found: dict[str, list[Json]] = {}
    for arrival in arrivals:
        if is_aggregate(arrival.event) and is_believed(arrival):
            found.setdefault(arrival.event["sym"], []).append(arrival.event)
    return found


def ranges(arrivals: Iterable[Arrival]) -> dict[str, Json]:
    """Return the six bounds of each symbol's newest day."""
    found: dict[str, Json] = {}
    for symbol, bars in bars_by_symbol(arrivals).items():
        day = max(session_of(bar["s"])[0] for bar in bars)
        found[symbol] = {
            f"{field}_{direction}": bound(bars, day, session, direction)
            for session, field in FIELDS.items()
            for direction in ("high", "low")
        }
    return found


def alerts(arrivals: Iterable[Arrival], references: Iterable[Json] = ()) -> list[Json]:
    """Return all alerts without their ids, in the order in which they arise at each symbol."""
    known = {(reference["symbol"], reference["day_ms"]): reference for reference in references}
    found: list[Json] = []
    for symbol, bars in bars_by_symbol(arrivals).items():
        hits: dict[tuple[date, str], int] = {}
        for number, bar in enumerate(bars):
            day, session = session_of(bar["s"])
            past = bars[:number]
            if session is None or any(session_of(other["s"])[0] > day for other in past):
                continue
            reference = known.get((symbol, start_ms(day)), {})
            for direction in ("high", "low"):
                before = bound(past, day, session, direction)
                after = bound([*past, bar], day, session, direction)
                if before is None or after == before:
                    continue
                hits[day, direction] = hits.get((day, direction), 0) + 1
                found.append(
                    {
                        "hits": hits[day, direction],
                        "session": session,
                        "direction": direction,
                        "price": after,
                        "previous": before,
                        "timestamp": bar["e"] / 1000,
                        "note": note(past, day, session, direction, after),
                        **row_after(symbol, [*past, bar], reference),
                    }
                )
    return found


def note(past: list[Json], day: date, session: str, direction: str, price: float | None) -> str:
    """Return which earlier session's bound a price went beyond, in words."""
    for earlier in EARLIER[session]:
        broken = bound(past, day, earlier, direction)
        assert price is not None
        if broken is not None and (price > broken if direction == "high" else price < broken):
            dollars = f"{broken:.2f}" if broken >= 1 else f"{broken:.4f}"
            return f"Broke {WORDS[earlier]} {direction} of ${dollars}"
    return ""


def row_after(symbol: str, bars: list[Json], reference: Json) -> Json:
    """Return a symbol's row after some bars."""
    latest = max(moment_of(bar["s"]) for bar in bars)
    current = [bar for bar in bars if moment_of(bar["s"]) == latest]
    newest_time = max((bar["e"], bar["s"]) for bar in current)
    newest = [bar for bar in current if (bar["e"], bar["s"]) == newest_time][-1]
    return row_of(symbol, newest, current[0].get("o") or current[0]["c"], reference)


def listed(found: Iterable[Json], direction: str) -> list[Json]:
    """Return the list of alerts of one direction: the newest 1,000, newest first."""
    chosen = [alert for alert in found if alert["direction"] == direction]
    chosen.sort(key=lambda alert: (alert["timestamp"], alert["symbol"], alert["hits"]), reverse=True)
    return chosen[:1_000]
