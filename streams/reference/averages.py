"""Reference data of the whole market, put together from daily bars, splits, floats and listings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from streams.reference.daily_bar import DailyBar
from streams.reference.model import Reference
from streams.reference.splits import Splits

AVERAGED_SESSIONS: Final = 20
"""Sessions over which the average volume is taken: the usual month of trading."""


class PastSession(NamedTuple):
    """A session's date, and its bars by symbol in the shares of then."""

    date: date
    bars: Mapping[str, DailyBar]


class FreeFloat(NamedTuple):
    """Freely traded shares, and the day that they were counted on; None where that is not known."""

    shares: float
    counted_on: date | None


class Listing(NamedTuple):
    """What a symbol is and where it is listed, by the vendor's codes; None where it is not known."""

    security_type: str | None
    exchange: str | None


_NO_BAR: Final = DailyBar(None, None, None, None, None, None)
_NO_LISTING: Final = Listing(None, None)


def assemble(
    day_ms: int,
    sessions: Sequence[PastSession],
    splits: Splits,
    floats: Mapping[str, FreeFloat],
    listings: Mapping[str, Listing],
    curves: Mapping[str, bytes],
) -> Iterator[Reference]:
    """Yield the reference data of every symbol that any source knows, in shares of the day that it is for.

    Args:
        day_ms: Start of that trading day, ms since 1970 UTC.
        sessions: The sessions before that day, newest first.
        splits: The splits up to that day, since the oldest session.
        floats: Freely traded shares by symbol.
        listings: What symbols are.
        curves: The usual volume up to each time of the day.
    """
    volumes: defaultdict[str, list[float]] = defaultdict(list)
    for session in sessions:
        for symbol, traded_bar in session.bars.items():
            if traded_bar.volume is not None:
                volumes[symbol].append(traded_bar.volume * splits.shares(symbol, session.date))
    previous = sessions[0] if sessions else PastSession(date.min, {})
    for symbol in sorted(previous.bars.keys() | volumes.keys() | floats.keys() | listings.keys()):
        traded = volumes.get(symbol)
        bar = previous.bars.get(symbol, _NO_BAR).in_shares(splits.shares(symbol, previous.date))
        listing = listings.get(symbol, _NO_LISTING)
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
            free_float=_current(floats.get(symbol), symbol, splits),
            security_type=listing.security_type,
            exchange=listing.exchange,
            volume_curve=curves.get(symbol),
        )


def _current(free_float: FreeFloat | None, symbol: str, splits: Splits) -> float | None:
    """Return a float in shares of the day; None where the symbol has split since it was counted.

    It is nowhere said whether the vendor counts such a float in old or in new shares: ten times too many?
    """
    if free_float is None:
        return None
    if free_float.counted_on is not None and splits.shares(symbol, free_float.counted_on) != 1:
        return None
    return free_float.shares
