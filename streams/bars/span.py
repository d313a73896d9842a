"""Bars of 5 min, 15 min and 1 h, made of minute bars.

They are aligned to the clock in New York, as charts with extended hours show them: the hour of 09:00 holds
half an hour of pre-market and half an hour of regular trading. The bounds of the sessions are in
market:calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from streams.bars.minute import MINUTE_MS, Bar, vwap_of, whole

SPANS: Final = (5, 15, 60)
"""In minutes. Each divides an hour, so that a bar lies in one."""


def join(bars: Iterable[Bar], span: int, day_ms: int) -> Iterator[Bar]:
    """Yield the bars that minute bars make.

    A bar is final where a later one follows, or the last of its minutes is there and final.

    Args:
        bars: The minute bars of one symbol and day, in order; the first begins a bar.
        span: How long a bar is, in minutes.
        day_ms: Start of the day (04:00 ET), ms since 1970 UTC.
    """
    span_ms = span * MINUTE_MS
    made: Bar | None = None
    for number, group in groupby(bars, lambda bar: (bar.t - day_ms) // span_ms):
        if made is not None:
            made.final = True
            yield made
        made = _one(list(group), day_ms + number * span_ms, span_ms)
    if made is not None:
        yield made


def _one(bars: list[Bar], start_ms: int, span_ms: int) -> Bar:
    last = bars[-1]
    return Bar(
        start_ms,
        bars[0].o,
        max(bar.h for bar in bars),
        min(bar.l for bar in bars),
        last.c,
        whole(float(sum(bar.v for bar in bars))),
        vwap_of(sum(bar.v * bar.vw for bar in bars if bar.vw), sum(bar.v for bar in bars if bar.vw)),
        last.final and last.t + MINUTE_MS == start_ms + span_ms,
    )
