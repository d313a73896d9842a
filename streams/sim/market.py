"""Prices of the synthetic market, second by second: correlated moves, jumps, overnight gaps and halts.

Prices that can be traded are whole numbers of 1/10,000 dollar (``UNITS`` a dollar), so that sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from streams.sessions import Session, TradingDay
from streams.sim.symbols import SECTORS, Listing

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

UNITS: Final = 10_000
"""Price units in a dollar."""
CENT: Final = UNITS // 100
HALT: Final = 17
RESUME: Final = 18
NO_INDICATOR: Final = 0
SECOND_MS: Final = 1_000
HALT_MS: Final = 300_000
"""A limit-up limit-down trading pause lasts five minutes."""
BAND_PERIOD: Final = 30
"""Bands are looked at every 30 s, each second a thirtieth of the symbols."""
BAND_CHANGE: Final = 0.01
"""A reference price moves its bands only when it moves by 1 %."""
MIN_PRICE: Final = 0.05
MAX_PRICE: Final = 900_000.0
NO_LIMIT: Final = 1 << 60

_TRADING_SECONDS_A_YEAR: Final = 252 * 23_400
_MARKET_SHARE: Final = 0.35
_SECTOR_SHARE: Final = 0.25
_OWN_SHARE: Final = 1.0 - _MARKET_SHARE - _SECTOR_SHARE
_IN_PLAY_FACTOR: Final = 4.0
_EXTENDED_HOURS_FACTOR: Final = 0.5
_JUMPS_A_SECOND: Final = 2e-5
_JUMP_SCALE: Final = 0.006
_GAP_SCALE: Final = 0.008
_TAIL: Final = 3.0
"""Degrees of freedom of Student's t: the heavy tail of returns."""
_TIER_ONE_SHARE: Final = 0.2


def to_units(dollars: Floats) -> Ints:
    """Return prices in units: whole cents from one dollar up, 1/10,000 below (SEC rule 612)."""
    fine = np.rint(dollars * UNITS).astype(np.int64)
    return np.where(fine >= UNITS, (fine + CENT // 2) // CENT * CENT, np.maximum(fine, 1))


@dataclass(frozen=True, slots=True)
class Limits:
    """What happened to price bands at the start of a second, one row an event.

    index: listing; low, high: the bands (units); indicator: HALT, RESUME or NO_INDICATOR (new bands).
    """

    index: Ints
    low: Ints
    high: Ints
    indicator: Ints


@dataclass(frozen=True, slots=True)
class Move:
    """The market in one second; each array holds one value a listing.

    start, end: mid prices (dollars) at the second's ends; trading: false while halted; low, high: bands
    (units) within which trades happen; limits: what was said about bands as the second began.
    """

    start: Floats
    end: Floats
    trading: Mask
    low: Ints
    high: Ints
    limits: Limits


class Market:
    """Mid prices and halts of all listings. Seconds must be asked for in order.

    Args:
        listings: What is traded.
        rng: Source of all randomness.
        closes: The previous day's closes, in dollars.
        halts_per_hour: How often news halts a symbol, beside halts by price bands.
    """

    def __init__(
        self, listings: tuple[Listing, ...], rng: np.random.Generator, closes: Floats, halts_per_hour: float
    ) -> None:
        self._rng = rng
        self._halts_a_second = halts_per_hour / 3_600
        self._count = len(listings)
        self._sectors = np.array([listing.sector for listing in listings])
        self._in_play = np.array([listing.in_play for listing in listings])
        volatility = np.array([listing.volatility for listing in listings])
        self._sigma = (
            volatility * np.where(self._in_play, _IN_PLAY_FACTOR, 1.0) / np.sqrt(_TRADING_SECONDS_A_YEAR)
        )
        self._tier_one = np.arange(self._count) < self._count * _TIER_ONE_SHARE
        self._mid = closes.copy()
        self._halted_until = np.zeros(self._count, np.int64)
        self._reference = np.zeros(self._count)
        self._low = np.zeros(self._count, np.int64)
        self._high = np.full(self._count, NO_LIMIT)
        self._breached = np.zeros(self._count, np.bool_)

    def open_day(self) -> None:
        """Let the night pass: every symbol gaps, those in play the most; halts and bands are over."""
        scale = _GAP_SCALE * np.where(self._in_play, 8.0, 1.0) * np.sqrt(self._sigma / self._sigma.mean())
        shared = 0.004 * self._rng.standard_normal()
        gaps = np.clip(shared + scale * self._rng.standard_t(_TAIL, self._count), -0.6, 1.2)
        self._mid = np.clip(self._mid * np.exp(gaps), MIN_PRICE, MAX_PRICE)
        self._halted_until[:] = 0
        self._lift_bands()

    def advance(self, second_ms: int, day: TradingDay) -> Move:
        """Return the second that starts at ``second_ms`` (ms since 1970 UTC), a time within ``day``."""
        regular = day.session_at(second_ms) is Session.REGULAR
        limits = [self._resume(second_ms), self._halt(second_ms, regular)]
        if regular:
            limits.append(self._move_bands((second_ms - day.open_ms) // SECOND_MS))
        else:
            self._lift_bands()
        trading = self._halted_until == 0
        start = self._mid
        end = self._next_mid(trading, 1.0 if regular else _EXTENDED_HOURS_FACTOR)
        low, high = self._low / UNITS, self._high / UNITS
        self._breached = trading & ((end >= high) | (end <= low))
        end = np.clip(end, low, high)
        self._mid = end
        return Move(start, end, trading, self._low.copy(), self._high.copy(), _concatenate(limits))

    def _next_mid(self, trading: Mask, calm: float) -> Floats:
        rng = self._rng
        shocks = np.sqrt(_OWN_SHARE) * rng.standard_normal(self._count)
        shocks += np.sqrt(_SECTOR_SHARE) * rng.standard_normal(SECTORS)[self._sectors]
        shocks += np.sqrt(_MARKET_SHARE) * rng.standard_normal()
        shocks *= self._sigma * calm
        jumps = rng.poisson(_JUMPS_A_SECOND * self._count)
        if jumps:
            shocks[rng.integers(0, self._count, jumps)] += _JUMP_SCALE * rng.standard_t(_TAIL, jumps)
        shocks[~trading] = 0.0
        moved: Floats = np.clip(self._mid * np.exp(np.clip(shocks, -0.3, 0.3)), MIN_PRICE, MAX_PRICE)
        return moved

    def _resume(self, now_ms: int) -> Limits:
        index = np.flatnonzero((self._halted_until > 0) & (self._halted_until <= now_ms))
        self._halted_until[index] = 0
        self._mid[index] *= np.exp(np.clip(0.02 * self._rng.standard_t(_TAIL, index.size), -0.2, 0.2))
        self._reference[index] = 0.0
        self._low[index], self._high[index] = 0, NO_LIMIT
        banded = self._bands(index)
        return Limits(index, *banded, np.full(index.size, RESUME))

    def _halt(self, now_ms: int, regular: bool) -> Limits:
        halting = self._breached.copy()
        self._breached[:] = False
        news = self._rng.poisson(self._halts_a_second) if regular else 0
        if news:
            halting[self._rng.integers(0, self._count, news)] = True
        index = np.flatnonzero(halting & (self._halted_until == 0))
        self._halted_until[index] = now_ms + HALT_MS
        return Limits(index, *self._bands(index), np.full(index.size, HALT))

    def _move_bands(self, second: int) -> Limits:
        due = np.arange(second % BAND_PERIOD, self._count, BAND_PERIOD)
        due = due[self._halted_until[due] == 0]
        reference = self._reference[due]
        index = due[np.abs(self._mid[due] - reference) >= BAND_CHANGE * reference]
        self._reference[index] = self._mid[index]
        self._low[index], self._high[index] = self._bands(index)
        return Limits(index, self._low[index], self._high[index], np.full(index.size, NO_INDICATOR))

    def _lift_bands(self) -> None:
        self._reference[:] = 0.0
        self._low[:] = 0
        self._high[:] = NO_LIMIT
        self._breached[:] = False

    def _bands(self, index: Ints) -> tuple[Ints, Ints]:
        """Return lower and upper band around the mid prices of ``index``: the LULD plan's percentages."""
        price = self._mid[index]
        width = np.select(
            [price < 0.75, price <= 3.0, self._tier_one[index]],  # noqa: PLR2004  the plan's table
            [0.75, 0.20, 0.05],
            default=0.10,
        )
        return to_units(price * (1 - width)), to_units(price * (1 + width))


def _concatenate(parts: list[Limits]) -> Limits:
    return Limits(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("index", "low", "high", "indicator")
        )
    )
