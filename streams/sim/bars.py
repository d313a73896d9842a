"""Bars and day totals, made from trades: what the vendor's A and AM events and its snapshot say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.sim.market import Ints


@dataclass(frozen=True, slots=True)
class Trades:
    """The trades of one second, by listing and within it by time.

    index: listing; ms: time within the second; price: units; size: shares; exchange: the vendor's id;
    conditions: row of wire.CONDITIONS.
    """

    index: Ints
    ms: Ints
    price: Ints
    size: Ints
    exchange: Ints
    conditions: Ints


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one period, one row a listing that traded. Prices are units, volumes shares, times ms.

    total, day_vwap and official_open are the day's up to the bar's end; official_open is 0 before it.
    """

    index: Ints
    volume: Ints
    total: Ints
    official_open: Ints
    vwap: Ints
    open: Ints
    close: Ints
    high: Ints
    low: Ints
    day_vwap: Ints
    average_size: Ints
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class DayBars:
    """A day's bar of every listing; volume 0 where it has not traded. Prices are units, volumes shares."""

    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    vwap: Ints
    trades: Ints


class Totals:
    """Running open, high, low, close, volume of all listings over a minute or a day."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.reset()

    def reset(self) -> None:
        """Start the period afresh."""
        self.open, self.high, self.low, self.close, self.volume, self.notional, self.trades = (
            np.zeros(self._count, np.int64) for _ in range(7)
        )

    def add(self, index: Ints, part: Part) -> None:
        """Add one second's trades of the listings ``index``."""
        fresh = self.volume[index] == 0
        self.open[index] = np.where(fresh, part.open, self.open[index])
        self.high[index] = np.maximum(self.high[index], part.high)
        self.low[index] = np.where(fresh, part.low, np.minimum(self.low[index], part.low))
        self.close[index] = part.close
        self.volume[index] += part.volume
        self.notional[index] += part.notional
        self.trades[index] += part.trades

    def vwap(self, index: Ints | slice) -> Ints:
        """Return volume-weighted average prices, 0 without trades."""
        volume = np.maximum(self.volume[index], 1)
        average: Ints = (self.notional[index] + volume // 2) // volume
        return average

    def day_bars(self) -> DayBars:
        """Return a copy of the period as it stands."""
        everything = slice(None)
        return DayBars(
            self.open.copy(),
            self.high.copy(),
            self.low.copy(),
            self.close.copy(),
            self.volume.copy(),
            self.vwap(everything),
            self.trades.copy(),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One second's trades summed by listing, in the listings' order."""

    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    notional: Ints
    trades: Ints


class BarMaker:
    """Turns seconds of trades into bars, and keeps the day's totals."""

    def __init__(self, count: int) -> None:
        self.day = Totals(count)
        self._minute = Totals(count)
        self._official_open = np.zeros(count, np.int64)

    def open_day(self) -> None:
        """Forget the day before."""
        self.day.reset()
        self._minute.reset()
        self._official_open[:] = 0

    def no_bars(self) -> Bars:
        """Return the bars of a time without trades."""
        nothing = np.zeros(0, np.int64)
        return self._bars(nothing, Part(*(nothing for _ in range(7))), 0, 0)

    def second(self, trades: Trades, start_ms: int, *, regular: bool) -> Bars:
        """Return the bars of a second's trades; ``regular`` tells whether the market is open."""
        index, part = _sum_by_listing(trades)
        self.day.add(index, part)
        self._minute.add(index, part)
        if regular:
            known = self._official_open[index]
            self._official_open[index] = np.where(known > 0, known, part.open)
        return self._bars(index, part, start_ms, start_ms + 1_000)

    def minute(self, end_ms: int) -> Bars:
        """Return the bars of the minute that ends at ``end_ms`` and start the next."""
        totals = self._minute
        index = np.flatnonzero(totals.volume)
        part = Part(
            totals.open[index],
            totals.high[index],
            totals.low[index],
            totals.close[index],
            totals.volume[index],
            totals.notional[index],
            totals.trades[index],
        )
        totals.reset()
        return self._bars(index, part, end_ms - 60_000, end_ms)

    def _bars(self, index: Ints, part: Part, start_ms: int, end_ms: int) -> Bars:
        return Bars(
            index=index,
            volume=part.volume,
            total=self.day.volume[index],
            official_open=self._official_open[index],
            vwap=(part.notional + part.volume // 2) // part.volume,
            open=part.open,
            close=part.close,
            high=part.high,
            low=part.low,
            day_vwap=self.day.vwap(index),
            average_size=part.volume // part.trades,
            start_ms=start_ms,
            end_ms=end_ms,
        )


def _sum_by_listing(trades: Trades) -> tuple[Ints, Part]:
    if not trades.index.size:
        nothing = np.zeros(0, np.int64)
        return nothing, Part(*(nothing for _ in range(7)))
    starts = np.flatnonzero(np.diff(trades.index, prepend=-1))
    ends = np.append(starts[1:], trades.index.size)
    return trades.index[starts], Part(
        open=trades.price[starts],
        high=np.maximum.reduceat(trades.price, starts),
        low=np.minimum.reduceat(trades.price, starts),
        close=trades.price[ends - 1],
        volume=np.add.reduceat(trades.size, starts),
        notional=np.add.reduceat(trades.price * trades.size, starts),
        trades=ends - starts,
    )
