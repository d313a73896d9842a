"""Reference data of one symbol, as md.reference holds it."""

from __future__ import annotations

import msgspec


class Reference(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True):
    """What is known of a symbol for one trading day; None where it is not known.

    Attributes:
        symbol: The symbol.
        day_ms: The trading day that the data is for: its start (04:00 ET), ms since 1970 UTC.
        prev_day_close: Close of the session before that day, in dollars, adjusted for splits; likewise
            open, high, low and vwap.
        prev_day_volume: Shares traded in the session before.
        avg_volume: Mean volume of the last 20 sessions before that day, in shares.
        free_float: Shares that are freely traded.
    """

    symbol: str
    day_ms: int
    prev_day_close: float | None = None
    prev_day_open: float | None = None
    prev_day_high: float | None = None
    prev_day_low: float | None = None
    prev_day_volume: float | None = None
    prev_day_vwap: float | None = None
    avg_volume: float | None = None
    free_float: float | None = None
