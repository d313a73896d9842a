"""The order flow of the synthetic market: who trades and quotes in a second, how much and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from streams.sessions import Session
from streams.sim import wire
from streams.sim.bars import Trades
from streams.sim.market import CENT, UNITS, Floats, Ints, Move, to_units
from streams.sim.symbols import Listing

SESSION_ACTIVITY: Final = {
    Session.PRE_MARKET: 0.3,
    Session.REGULAR: 1.0,
    Session.AFTER_HOURS: 0.2,
    Session.CLOSED: 0.0,
}
"""Events in a session against those in regular trading."""
QUOTES_PER_TRADE: Final = 2.0

_EXTENDED_CONCENTRATION: Final = 1.25
_MEMORY: Final = 0.99
_ATTENTION_SHOCK: Final = 0.1
_EXCHANGES: Final = np.array([1, 2, 3, 4, 4, 7, 8, 9, 10, 11, 11, 12, 12, 15, 19, 21])
_SIZES: Final = 4_096
_LOTS: Final = 64
_SWEEPS_OF_16: Final = 2


@dataclass(frozen=True, slots=True)
class Quotes:
    """The quotes of one second.

    index: listing; ms: time within the second; bid, ask: units; sizes: shares; exchanges: the vendor's ids.
    """

    index: Ints
    ms: Ints
    bid: Ints
    ask: Ints
    bid_size: Ints
    ask_size: Ints
    bid_exchange: Ints
    ask_exchange: Ints


class OrderFlow:
    """Draws trades and quotes around the mid prices.

    Args:
        listings: What is traded.
        rng: Source of all randomness.
    """

    def __init__(self, listings: tuple[Listing, ...], rng: np.random.Generator) -> None:
        self._rng = rng
        self._count = len(listings)
        volume = np.array([float(listing.avg_volume) for listing in listings])
        in_play = np.array([listing.in_play for listing in listings])
        self._weights = volume * np.where(in_play, 3.0, 1.0)
        self._attention = np.zeros(self._count)
        self._half_spread = 0.00012 * (volume / volume.max()) ** -0.35
        odd = rng.integers(1, 100, _SIZES)
        round_lots = 100 * np.minimum(np.ceil(rng.pareto(1.7, _SIZES)), 5_000).astype(np.int64)
        self._sizes = np.where(rng.random(_SIZES) < 0.45, odd, round_lots)  # noqa: PLR2004  odd lots' share
        self._quote_sizes = 100 * rng.geometric(0.3, _LOTS)

    def draw(self, move: Move, session: Session, events: float) -> tuple[Trades, Quotes]:
        """Return trades and quotes of one second: ``events`` on average, with the bars that follow."""
        weights = self._next_weights(session)
        weights[~move.trading] = 0.0
        trades = _trades_for(events * SESSION_ACTIVITY[session], weights)
        regular = session is Session.REGULAR
        return (
            self._trades(move, self._rng.poisson(trades * weights), regular=regular),
            self._quotes(move, self._rng.poisson(trades * QUOTES_PER_TRADE * weights)),
        )

    def _next_weights(self, session: Session) -> Floats:
        self._attention *= _MEMORY
        self._attention += _ATTENTION_SHOCK * self._rng.standard_normal(self._count)
        weights = self._weights * np.exp(self._attention)
        if session is not Session.REGULAR:
            weights **= _EXTENDED_CONCENTRATION
        weights /= weights.sum()
        return weights

    def _trades(self, move: Move, counts: Ints, *, regular: bool) -> Trades:
        bits = self._bits(int(counts.sum()))
        key = np.repeat(np.arange(self._count) * 1_000, counts) + _milliseconds(bits)
        key.sort()
        index = key // 1_000
        ms = key - index * 1_000
        mid = _mid(move, index, ms)
        half = mid * self._half_spread[index]
        price = to_units(mid + np.where((bits >> 20) & 1, half, -half))
        size = self._sizes[(bits >> 21) & (_SIZES - 1)]
        if regular:
            sweep = (bits >> 40) & 15 < _SWEEPS_OF_16
            conditions = np.where(size < 100, wire.ODD_LOT, np.where(sweep, wire.SWEEP, wire.NO_CONDITIONS))  # noqa: PLR2004  a round lot
        else:
            conditions = np.where(size < 100, wire.FORM_T_ODD_LOT, wire.FORM_T)  # noqa: PLR2004  a round lot
        return Trades(
            index=index,
            ms=ms,
            price=np.clip(price, move.low[index], move.high[index]),
            size=size,
            exchange=_EXCHANGES[(bits >> 34) & 15],
            conditions=conditions,
        )

    def _quotes(self, move: Move, counts: Ints) -> Quotes:
        bits = self._bits(int(counts.sum()))
        index = np.repeat(np.arange(self._count), counts)
        ms = _milliseconds(bits)
        mid = _mid(move, index, ms)
        half = mid * self._half_spread[index]
        wider = 1.0 + ((bits >> 20) & 3) * 0.25
        bid = to_units(mid - half * wider)
        tick = np.where(bid >= UNITS, CENT, 1)
        return Quotes(
            index=index,
            ms=ms,
            bid=bid,
            ask=np.maximum(to_units(mid + half), bid + tick),
            bid_size=self._quote_sizes[(bits >> 22) & (_LOTS - 1)],
            ask_size=self._quote_sizes[(bits >> 28) & (_LOTS - 1)],
            bid_exchange=_EXCHANGES[(bits >> 34) & 15],
            ask_exchange=_EXCHANGES[(bits >> 38) & 15],
        )

    def _bits(self, count: int) -> Ints:
        # One random number a row, shared out bit by bit: a third of the cost of one for each field.
        raw: npt.NDArray[np.uint64] = self._rng.bit_generator.random_raw(count)
        return (raw >> np.uint64(1)).astype(np.int64)


def _trades_for(events: float, weights: Floats) -> float:
    """Return how many trades make ``events`` in all, with quotes and a bar for each listing that trades.

    At 20,000 events a second about 29 % are trades, 59 % quotes and 12 % bars. There is no more than one
    bar a second and listing, so with more events bars are rarer.
    """
    per_trade = 1.0 + QUOTES_PER_TRADE
    trades = events / (per_trade + 1.0)
    for _ in range(4):
        bars = float((1.0 - np.exp(-trades * weights)).sum())
        trades = max(0.0, (events - bars) / per_trade)
    return trades


def _milliseconds(bits: Ints) -> Ints:
    return ((bits & 0xFFFFF) * 1_000) >> 20


def _mid(move: Move, index: Ints, ms: Ints) -> Floats:
    start = move.start[index]
    return start + (move.end - move.start)[index] * (ms * 0.001)
