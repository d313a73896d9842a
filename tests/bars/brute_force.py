"""The bars of one symbol once more: slow, in plain Python, from all events at once: bars and trades."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.trades.brute_force import NO_VOLUME, verdict

NEW_YORK = ZoneInfo("America/New_York")
MINUTE_MS = 60_000

Json = dict[str, Any]


def day_of(time_ms: int) -> date:
    """Return the trading day of a time."""
    local = datetime.fromtimestamp(time_ms / 1000, NEW_YORK)
    return local.date() if local.time() >= time(4) else local.date() - timedelta(days=1)


def in_chart(time_ms: int) -> bool:
    """Tell whether a time lies between 04:00 and 20:00 ET."""
    return time(4) <= datetime.fromtimestamp(time_ms / 1000, NEW_YORK).time() < time(20)


def bars(events: Iterable[Json]) -> dict[str, list[Json]]:
    """Return the minute bars of each symbol's newest day, in order."""
    by_symbol: dict[str, list[Json]] = {}
    for event in events:
        # A trade after 20:00 ET makes no bar, and begins no day.
        if event["ev"] != "T" or in_chart(event["t"]):
            by_symbol.setdefault(event["sym"], []).append(event)
    found = {}
    for symbol, its in by_symbol.items():
        newest = max(day_of(_time(event)) for event in its)
        today = [event for event in its if day_of(_time(event)) == newest and in_chart(_time(event))]
        made = _by_minute([event for event in today if event["ev"] == "T"], _traded)
        told = [event for event in today if event["ev"] == "AM"] + _counted_seconds(today)
        made |= _by_minute(told, _bar)
        found[symbol] = [{**made[minute], "t": minute * MINUTE_MS} for minute in sorted(made)]
        for bar in found[symbol][:-1]:
            bar["final"] = True
    return {symbol: its for symbol, its in found.items() if its}


def _time(event: Json) -> int:
    time_ms: int = event["t" if event["ev"] == "T" else "s"]
    return time_ms


def _by_minute(events: list[Json], make: Callable[[list[Json]], Json | None]) -> dict[int, Json]:
    minutes: dict[int, list[Json]] = {}
    for event in events:
        minutes.setdefault(_time(event) // MINUTE_MS, []).append(event)
    return {minute: bar for minute, its in minutes.items() if (bar := make(its)) is not None}


def _traded(trades: list[Json]) -> Json | None:
    """Return the bar of a minute's trades, in their order; None where none sets a price."""
    counted = [trade for trade in trades if not set(trade.get("c") or ()) & NO_VOLUME]
    priced = sorted((trade for trade in trades if verdict(trade) == "yes"), key=_time)
    prices = [trade["p"] for trade in trades if verdict(trade) != "no"]
    if not priced:
        return None
    volume = sum(Fraction(trade["s"]) for trade in counted)
    money = sum(Fraction(trade["s"]) * Fraction(trade["p"]) for trade in counted)
    return {
        "o": priced[0]["p"],
        "h": max(prices),
        "l": min(prices),
        "c": priced[-1]["p"],
        "v": round(float(volume), 6),
        "vw": round(float(money / volume), 4) if volume else None,
        "final": False,
    }


def spans(minutes: list[Json], span: int) -> list[Json]:
    """Return the bars of a longer span that a symbol's minutes make."""
    clock = [datetime.fromtimestamp(bar["t"] / 1000, NEW_YORK) for bar in minutes]
    starts = [moment.replace(minute=moment.minute // span * span) for moment in clock]
    made = [
        _joined([bar for bar, its in zip(minutes, starts, strict=True) if its == start], start, span)
        for start in sorted(set(starts))
    ]
    for bar in made[:-1]:
        bar["final"] = True
    return made


def _counted_seconds(events: list[Json]) -> list[Json]:
    """Return the bar of each second that counts: the last while its minute was its hour's newest."""
    newest: dict[int, int] = {}
    counted: dict[int, Json] = {}
    for event in events:
        hour, minute, second = (event["s"] // length for length in (3_600_000, MINUTE_MS, 1_000))
        newest[hour] = max(minute, newest.get(hour, minute))
        if event["ev"] == "A" and (second not in counted or minute == newest[hour]):
            counted[second] = event
    return list(counted.values())


def _bar(events: list[Json]) -> Json:
    told = [event for event in events if event["ev"] == "AM"]
    if told:
        bar = told[-1]
        return {
            "o": bar.get("o") or bar["c"],
            "h": bar.get("h") or bar["c"],
            "l": bar.get("l") or bar["c"],
            "c": bar["c"],
            "v": bar.get("v") or 0,
            "vw": bar.get("vw"),
            "final": True,
        }
    seconds = sorted(events, key=lambda event: event["s"])
    volume = sum(Fraction(event.get("v") or 0) for event in seconds)
    money = sum(Fraction(event.get("v") or 0) * Fraction(event.get("vw") or event["c"]) for event in seconds)
    return {
        "o": seconds[0].get("o") or seconds[0]["c"],
        "h": max(event.get("h") or event["c"] for event in seconds),
        "l": min(event.get("l") or event["c"] for event in seconds),
        "c": seconds[-1]["c"],
        "v": round(float(volume), 6),
        "vw": round(float(money / volume), 4) if volume else None,
        "final": False,
    }


def _joined(bars: list[Json], start: datetime, span: int) -> Json:
    start_ms = int(start.timestamp() * 1000)
    traded = [bar for bar in bars if bar["vw"]]
    volume = sum(Fraction(bar["v"]) for bar in traded)
    money = sum(Fraction(bar["v"]) * Fraction(bar["vw"]) for bar in traded)
    return {
        "t": start_ms,
        "o": bars[0]["o"],
        "h": max(bar["h"] for bar in bars),
        "l": min(bar["l"] for bar in bars),
        "c": bars[-1]["c"],
        "v": round(float(sum(Fraction(bar["v"]) for bar in bars)), 6),
        "vw": round(float(money / volume), 4) if volume else None,
        "final": bars[-1]["final"] and bars[-1]["t"] + MINUTE_MS == start_ms + span * MINUTE_MS,
    }


def same(found: list[Json], expected: list[Json]) -> bool:
    """Tell whether bars are equal, vwaps but for their last decimal, or a millionth of the highest price."""
    return len(found) == len(expected) and all(
        {**one, "vw": None} == {**other, "vw": None}
        and (one["vw"] == other["vw"] or abs(one["vw"] - other["vw"]) < 0.000_11 + one["h"] / 1e6)
        for one, other in zip(found, expected, strict=True)
    )
