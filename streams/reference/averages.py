"""Reference data of the whole market, put together from daily bars and floats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from streams.reference.model import Reference

AVERAGED_SESSIONS: Final = 20
"""Sessions over which the average volume is taken: the usual month of trading."""


class DailyBar(NamedTuple):
    """One symbol's bar of one session: dollars and shares, adjusted for splits."""

    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None
    vwap: float | None


_NO_BAR: Final = DailyBar(None, None, None, None, None, None)


def assemble(
    day_ms: int, sessions: Sequence[Mapping[str, DailyBar]], floats: Mapping[str, float]
) -> Iterator[Reference]:
    """Yield the reference data of every symbol that any source knows.

    Args:
        day_ms: Start of the trading day that the data is for, ms since 1970 UTC.
        sessions: Bars by symbol of the sessions before that day, newest first.
        floats: Freely traded shares by symbol.
    """
    volumes: defaultdict[str, list[float]] = defaultdict(list)
    for bars in sessions:
        for symbol, traded_bar in bars.items():
            if traded_bar.volume is not None:
                volumes[symbol].append(traded_bar.volume)
    previous = sessions[0] if sessions else {}
    for symbol in sorted(previous.keys() | volumes.keys() | floats.keys()):
        traded = volumes.get(symbol)
        bar = previous.get(symbol, _NO_BAR)
        yield Reference(
            symbol=symbol,
            day_ms=day_ms,
            prev_day_close=bar.close,
            prev_day_open=bar.open,
            prev_day_high=bar.high,
            prev_day_low=bar.low,
            prev_day_volume=bar.volume,
            prev_day_vwap=bar.vwap,
            avg_volume=sum(traded) / len(traded) if traded else None,
            free_float=floats.get(symbol),
        )
