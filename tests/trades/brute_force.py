"""Top trades and last trades worked out the slow way, from all trades of a symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

NO_LAST = {2, 7, 12, 13, 15, 16, 20, 21, 29, 37, 52, 53}
ONLY_FIRST = {5, 10, 22, 32, 33}
NO_VOLUME = {15, 16, 38}
IDLE_MS = 300_000
NEW_YORK = ZoneInfo("America/New_York")


def local(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, NEW_YORK)


def day(time_ms: int) -> str:
    return str((local(time_ms).replace(tzinfo=None) - timedelta(hours=4)).date())


def verdict(trade: Json) -> str:
    """Return yes, first or no. The days of the tests are whole trading days."""
    codes = set(trade.get("c") or ())
    clock = local(trade["t"])
    if not (9, 30) <= (clock.hour, clock.minute) < (16, 0):
        codes.discard(12)
    if codes & NO_LAST:
        return "no"
    return "first" if codes & ONLY_FIRST else "yes"


def last_trade(trades: Sequence[Json]) -> Json | None:
    """Return the trade that stands for the price after all of ``trades``."""
    last, qualified = None, False
    for trade in trades:
        told, is_mark = verdict(trade), bool(set(trade.get("c") or ()) & NO_VOLUME)
        if told == "no" and is_mark:
            continue
        if last is None or day(trade["t"]) > day(last["t"]):
            last, qualified = trade, told != "no"
        elif day(trade["t"]) == day(last["t"]):
            newer = trade["t"] >= last["t"]
            if told == "yes" and (newer or not qualified):
                last, qualified = trade, True
            elif not qualified and (told == "first" or newer):
                last, qualified = trade, told == "first"
    return last


def window(trades: Iterable[Json]) -> list[Json]:
    """Return the newest thousand trades since the last five idle minutes."""
    found: list[Json] = []
    newest = 0
    # A trade counts once the symbol has a last trade; from then on it always has.
    for trade in trades:
        if set(trade.get("c") or ()) & NO_VOLUME:
            continue
        if trade["t"] - newest >= IDLE_MS:
            found = []
        newest = max(newest, trade["t"])
        found.append(trade)
    return found[-1000:]


def stats(trades: Sequence[Json]) -> Json:
    """Return the stats of a symbol with at least one trade that counts."""
    inside, last = window(trades), last_trade(trades)
    assert last is not None
    sizes, times = [trade["s"] for trade in inside], [trade["t"] for trade in inside]
    return {
        "total_volume": sum(sizes),
        "trade_count": len(sizes),
        "avg_size": round(sum(sizes) / len(sizes), 2),
        "max_size": max(sizes),
        "time_span_ms": max(times) - min(times),
        "latest_price": last["p"],
        "latest_timestamp": last["t"],
        "latest_exchange": last.get("x"),
    }


def widgets(by_symbol: Mapping[str, Sequence[Json]]) -> tuple[Json, list[str]]:
    """Return what tta:all_symbols:widget holds, and the hundred symbols with a feed of their own."""
    newest = {
        symbol: max(trade["t"] for trade in counted)
        for symbol, trades in by_symbol.items()
        if (counted := [trade for trade in trades if not set(trade.get("c") or ()) & NO_VOLUME])
    }
    clock = max(newest.values())
    symbols = {
        symbol: stats(by_symbol[symbol]) for symbol, time_ms in newest.items() if clock - time_ms < IDLE_MS
    }
    ranked = sorted(symbols, key=lambda symbol: (-symbols[symbol]["total_volume"], symbol))
    return {"timestamp": clock, "symbols": symbols, "symbol_count": len(symbols)}, ranked[:100]
