"""A symbol's row on the boards and its quote."""

from __future__ import annotations

import math

import msgspec

from streams.reference.model import Reference
from streams.scanner.symbol import Breakout, SymbolState
from streams.volume_curve import volume_at


class Row(msgspec.Struct, gc=False):
    """What clients see of a symbol. Prices in dollars, volumes in shares, percents as 12.3; None is unknown.

    open is the baseline of the session, change and pct_change compare with the previous close,
    change_since_open and pct_change_since_open with open. vwap is that of the newest bar, aggregate_vwap the
    day's. Times are ms since 1970 UTC. security_type and exchange are codes, such as CS and XNAS.
    relative_volume_tod compares accumulated_volume with what is usual up to the bar's time of day.
    """

    symbol: str
    volume: float | None
    free_float: float | None
    accumulated_volume: float
    relative_volume: float | None
    official_open_price: float | None
    vwap: float | None
    open: float
    close: float
    high: float | None
    low: float | None
    aggregate_vwap: float | None
    average_size: float | None
    avg_volume: float | None
    prev_day_close: float | None
    prev_day_open: float | None
    prev_day_high: float | None
    prev_day_low: float | None
    prev_day_volume: float | None
    prev_day_vwap: float | None
    change: float | None
    pct_change: float | None
    change_since_open: float | None
    pct_change_since_open: float | None
    start_timestamp: int
    end_timestamp: int
    security_type: str | None
    exchange: str | None
    relative_volume_tod: float | None


_UNKNOWN = Reference(symbol="", day_ms=0)


def make_row(symbol: str, state: SymbolState | Breakout, reference: Reference | None) -> Row:
    """Return a symbol's row. ``reference`` is that of the state's trading day, None where it is not known."""
    if reference is None:
        reference = _UNKNOWN
    bar, open_, prev_close, avg_volume = (
        state.last,
        state.open,
        reference.prev_day_close,
        reference.avg_volume,
    )
    close, curve = bar.c, reference.volume_curve
    change = close - prev_close if prev_close else None
    since_open = close - open_ if open_ else None
    return Row(
        symbol,
        bar.v,
        reference.free_float,
        bar.av,
        _relative(bar.av, avg_volume),
        bar.op,
        bar.vw,
        open_,
        close,
        bar.h,
        bar.l,
        bar.a,
        bar.z,
        avg_volume,
        prev_close,
        reference.prev_day_open,
        reference.prev_day_high,
        reference.prev_day_low,
        reference.prev_day_volume,
        reference.prev_day_vwap,
        change,
        _relative(change, prev_close, 100),
        since_open,
        _relative(since_open, open_, 100),
        bar.s,
        bar.e,
        reference.security_type,
        reference.exchange,
        None if curve is None else _relative(bar.av, volume_at(curve, bar.e - reference.day_ms)),
    )


def _relative(value: float | None, base: float | None, scale: int = 1) -> float | None:
    """Return ``value`` in units of ``base``; None where either is unknown, or no number tells it."""
    if value is None or not base:
        return None
    relative = value / base * scale
    return relative if math.isfinite(relative) else None
