"""The scanner's rules (DESIGN 4) once more: slow, in plain Python, from all events at once."""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
HOUR_MS = 3_600_000
YEAR_10000_MS = 253_402_300_800_000
MAX_COUNT = 2**53
MAX_SYMBOL = 64

Json = dict[str, Any]


class Arrival(NamedTuple):
    """An event as JSON, and when it was received: ms since 1970 UTC, None where that is unknown."""

    event: Any
    received_ms: int | None = None


class Market(NamedTuple):
    """What clients see: quotes by symbol, and the rows of the boards, best first."""

    quotes: dict[str, Json]
    top_volume: list[Json]
    top_gappers: list[Json]
    top_gainers: list[Json]


class Moment(NamedTuple):
    """The trading day of an event, and since when its baseline is (the day's start, or 09:30)."""

    day: date
    since: datetime


def moment_of(time_ms: int) -> Moment:
    """Return where an event time belongs."""
    local = datetime.fromtimestamp(time_ms / 1000, NEW_YORK)
    day = local.date() if local.time() >= time(4) else local.date() - timedelta(days=1)
    opening = datetime.combine(day, time(9, 30), NEW_YORK)
    is_open = day.weekday() < 5 and local >= opening
    return Moment(day, opening if is_open else datetime.combine(day, time(4), NEW_YORK))


def start_ms(day: date) -> int:
    """Return when a trading day starts, ms since 1970 UTC."""
    return int(datetime.combine(day, time(4), NEW_YORK).timestamp() * 1000)


def is_aggregate(event: object) -> bool:
    """Tell whether an event is a bar that can be used."""
    if not isinstance(event, dict) or event.get("ev") not in ("A", "AM"):
        return False
    numbers = [event.get(name) for name in ("v", "op", "vw", "o", "h", "l", "a", "z") if name in event]
    return (
        isinstance(event.get("sym"), str)
        and 1 <= len(event["sym"]) <= MAX_SYMBOL
        and all(is_amount(event.get(name)) for name in ("av", "c"))
        and all(number is None or is_amount(number) for number in numbers)
        and all(type(event.get(name)) is int and 0 <= event[name] < YEAR_10000_MS for name in ("s", "e"))
    )


def is_amount(value: object) -> bool:
    """Tell whether a value is a number, not negative, and not beyond what JSON's readers can count."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


def row_of(symbol: str, bar: Json, baseline: float, reference: Json) -> Json:
    """Return a symbol's row without its rank."""
    close, previous, average = bar["c"], reference.get("prev_day_close"), reference.get("avg_volume")
    return {
        "symbol": symbol,
        "volume": bar.get("v"),
        "free_float": reference.get("free_float"),
        "accumulated_volume": bar["av"],
        "relative_volume": bar["av"] / average if average else None,
        "official_open_price": bar.get("op"),
        "vwap": bar.get("vw"),
        "open": baseline,
        "close": close,
        "high": bar.get("h"),
        "low": bar.get("l"),
        "aggregate_vwap": bar.get("a"),
        "average_size": bar.get("z"),
        "avg_volume": average,
        "prev_day_close": previous,
        "prev_day_open": reference.get("prev_day_open"),
        "prev_day_high": reference.get("prev_day_high"),
        "prev_day_low": reference.get("prev_day_low"),
        "prev_day_volume": reference.get("prev_day_volume"),
        "prev_day_vwap": reference.get("prev_day_vwap"),
        "change": close - previous if previous else None,
        "pct_change": (close - previous) / previous * 100 if previous else None,
        "change_since_open": close - baseline if baseline else None,
        "pct_change_since_open": (close - baseline) / baseline * 100 if baseline else None,
        "start_timestamp": bar["s"],
        "end_timestamp": bar["e"],
        "security_type": reference.get("security_type"),
        "exchange": reference.get("exchange"),
        "relative_volume_tod": relative_to_usual(bar, reference),
    }


def relative_to_usual(bar: Json, reference: Json) -> float | None:
    """Return the day's volume over what is usual up to the bar's end."""
    if "volume_curve" not in reference:
        return None
    points = [0.0, *(value for (value,) in struct.iter_unpack("<f", b64decode(reference["volume_curve"])))]
    number, rest_ms = divmod(bar["e"] - reference["day_ms"], 5 * 60_000)
    before, after = points[min(number, 192)], points[min(number + 1, 192)]
    usual = before + (after - before) * rest_ms / 300_000
    return bar["av"] / usual if usual else None


def board(rows: Iterable[Json], score: str) -> list[Json]:
    """Return the best 500 rows with their ranks."""
    ranked = sorted(
        (row for row in rows if row[score] is not None), key=lambda row: (-row[score], row["symbol"])
    )
    return [{"rank": rank, **row} for rank, row in enumerate(ranked[:500], 1)]


def is_believed(arrival: Arrival) -> bool:
    """Tell whether an event did not come from the future."""
    return arrival.received_ms is None or arrival.event["s"] <= arrival.received_ms + HOUR_MS


def market(arrivals: Iterable[Arrival], references: Iterable[Json] = ()) -> Market:
    """Return the market after all events.

    Args:
        arrivals: Events of any kind, good and bad, in the order of their arrival.
        references: Reference data, as md.reference holds it.
    """
    by_symbol: dict[str, list[Json]] = {}
    for arrival in arrivals:
        if is_aggregate(arrival.event) and is_believed(arrival):
            by_symbol.setdefault(arrival.event["sym"], []).append(arrival.event)
    known = {(reference["symbol"], reference["day_ms"]): reference for reference in references}
    standing: dict[str, tuple[Moment, Json]] = {}
    for symbol, bars in by_symbol.items():
        latest = max(moment_of(bar["s"]) for bar in bars)
        current = [bar for bar in bars if moment_of(bar["s"]) == latest]
        baseline = current[0].get("o") or current[0]["c"]
        # Of a second's and a minute's bar with one end the second's counts, whichever comes first.
        newest_time = max((bar["e"], bar["s"]) for bar in current)
        newest = [bar for bar in current if (bar["e"], bar["s"]) == newest_time][-1]
        reference = known.get((symbol, start_ms(latest.day)), {})
        standing[symbol] = latest, row_of(symbol, newest, baseline, reference)
    return _boards(standing)


def _boards(standing: Mapping[str, tuple[Moment, Json]]) -> Market:
    newest = max((moment for moment, _ in standing.values()), default=None)
    today = [row for moment, row in standing.values() if newest and moment.day == newest.day]
    since_open = [row for moment, row in standing.values() if moment == newest]
    return Market(
        {symbol: row for symbol, (_, row) in standing.items()},
        board(today, "accumulated_volume"),
        board(today, "pct_change"),
        board(since_open, "pct_change_since_open"),
    )
