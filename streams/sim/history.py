"""The synthetic market's past: daily bars of the sessions before the first simulated day."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np

from streams.sessions import MarketCalendar
from streams.sim.bars import DayBars
from streams.sim.market import MAX_PRICE, MIN_PRICE, UNITS, Floats, to_units
from streams.sim.symbols import Listing

SESSIONS: Final = 260
"""How many sessions there are before the first simulated day."""

_SESSIONS_A_YEAR: Final = 252
_TAIL: Final = 4.0
_VOLUME_SPREAD: Final = 0.35
_SHARES_A_TRADE: Final = 120


class History:
    """Daily bars that lead up to the listings' prices.

    Args:
        listings: What is traded; their prices are the closes of the last session before ``first_day``.
        first_day: The first simulated day.
    """

    def __init__(
        self, listings: tuple[Listing, ...], first_day: date, *, seed: int, calendar: MarketCalendar
    ) -> None:
        self._seed = seed
        self._volatility = np.array([listing.volatility for listing in listings]) / np.sqrt(_SESSIONS_A_YEAR)
        self._volume = np.array([float(listing.avg_volume) for listing in listings])
        self._last_close = np.array([listing.price for listing in listings])
        self._sessions: list[date] = []
        day = first_day
        for _ in range(SESSIONS):
            day = calendar.previous_session(day)
            self._sessions.append(day)

    @property
    def closes(self) -> Floats:
        """The closes of the last session, in dollars."""
        return self._last_close

    def bars(self, day: date) -> DayBars | None:
        """Return a session's bars; None where the day is none of the sessions known."""
        if day not in self._sessions:
            return None
        close = self._last_close
        for later in self._sessions[: self._sessions.index(day)]:
            close = self._close_before(later, close)
        rng = np.random.default_rng([self._seed, 4, day.toordinal()])
        count = close.size
        opening = self._close_before(day, close) * np.exp(0.3 * self._volatility * rng.standard_normal(count))
        reach = 0.6 * self._volatility
        high = np.maximum(opening, close) * np.exp(reach * np.abs(rng.standard_normal(count)))
        low = np.minimum(opening, close) * np.exp(-reach * np.abs(rng.standard_normal(count)))
        volume = (self._volume * rng.lognormal(0.0, _VOLUME_SPREAD, count)).astype(np.int64)
        return DayBars(
            open=to_units(opening),
            high=to_units(high),
            low=to_units(low),
            close=to_units(close),
            volume=volume,
            vwap=np.rint((opening + high + low + close) / 4 * UNITS).astype(np.int64),
            trades=np.maximum(1, volume // _SHARES_A_TRADE),
        )

    def _close_before(self, day: date, close: Floats) -> Floats:
        rng = np.random.default_rng([self._seed, 3, day.toordinal()])
        change = np.clip(self._volatility * rng.standard_t(_TAIL, close.size), -0.4, 0.4)
        before: Floats = np.clip(close / np.exp(change), MIN_PRICE, MAX_PRICE)
        return before
