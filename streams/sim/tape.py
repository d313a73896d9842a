"""The tape of the synthetic market: each market second as the frames that the vendor would send.

Trades and quotes stand at their time; the bars of a second are spread over the first tenths of the next, as
they are at the vendor; minute bars have frames of their own, because few clients want them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from streams.sessions import MarketCalendar, Session, TradingDay
from streams.sim.bars import BarMaker, DayBars
from streams.sim.flow import OrderFlow
from streams.sim.frames import TapeFrame
from streams.sim.market import SECOND_MS, Floats, Market
from streams.sim.symbols import Listing
from streams.sim.writer import FrameWriter, Second

MINUTE_MS: Final = 60_000
KEEP_DAYS: Final = 10
"""Simulated days whose bars are kept."""


@dataclass(frozen=True, slots=True)
class MarketState:
    """What the vendor's REST says about the simulated day, as of one moment.

    Attributes:
        day: The trading day that is being simulated.
        clock_ms: End of the last simulated second, ms since 1970 UTC.
        bars: The day's bars so far, in the order of the listings.
        past: The bars of simulated days before, by date.
    """

    day: TradingDay
    clock_ms: int
    bars: DayBars
    past: dict[date, DayBars]


class Tape:
    """The synthetic market's event stream. Not for threads: one at a time asks for the next second.

    Args:
        listings: What is traded.
        closes: The previous day's closes, in dollars.
        seed: What all randomness comes from.
        start_ms: The first second, ms since 1970 UTC; outside trading hours the next 04:00 ET of a session.
        halts_per_hour: How often news halts a symbol.
    """

    def __init__(
        self,
        listings: tuple[Listing, ...],
        closes: Floats,
        *,
        seed: int,
        start_ms: int,
        halts_per_hour: float,
        calendar: MarketCalendar,
    ) -> None:
        self._rng = np.random.default_rng([seed, 2])
        self._market = Market(listings, self._rng, closes, halts_per_hour)
        self._flow = OrderFlow(listings, self._rng)
        self._bar_maker = BarMaker(len(listings))
        self._writer = FrameWriter(listings)
        self._calendar = calendar
        self._second_ms = self._trading_second(start_ms // SECOND_MS * SECOND_MS)
        self._day = calendar.day_at(self._second_ms)
        self._past: dict[date, DayBars] = {}
        self._pending = self._bar_maker.no_bars()
        self._pending_minute = self._bar_maker.no_bars()
        self._market.open_day()
        self.state = self._state()

    def next_second(self, events: float, min_frames: int = 1) -> list[TapeFrame]:
        """Return the next market second.

        Args:
            events: Events a second in regular trading, on average and with the bars that follow.
            min_frames: Fewest frames to cut the second into where it has the events.
        """
        now = self._second_ms = self._trading_second(self._second_ms)
        day = self._calendar.day_at(now)
        if day != self._day:
            self._open_day(day)
        session = day.session_at(now)
        move = self._market.advance(now, day)
        trades, quotes = self._flow.draw(move, session, events)
        second = Second(now, move.limits, self._pending, trades, quotes)
        frames = self._writer.frames(second, self._rng, min_frames)
        if self._pending_minute.index.size:
            frames += self._writer.minute_frames(now, self._pending_minute)
            frames.sort(key=lambda frame: frame.due_ms)
        self._pending = self._bar_maker.second(trades, now, regular=session is Session.REGULAR)
        self._second_ms = end = now + SECOND_MS
        maker = self._bar_maker
        self._pending_minute = maker.minute(end) if end % MINUTE_MS == 0 else maker.no_bars()
        self.state = self._state()
        return frames

    def _open_day(self, day: TradingDay) -> None:
        # A new dict: those who hold an earlier state keep what they hold.
        past = {**self._past, self._day.date: self._bar_maker.day.day_bars()}
        self._past = dict(sorted(past.items())[-KEEP_DAYS:])
        self._day = day
        self._market.open_day()
        self._bar_maker.open_day()

    def _state(self) -> MarketState:
        return MarketState(self._day, self._second_ms, self._bar_maker.day.day_bars(), self._past)

    def _trading_second(self, now: int) -> int:
        """Return ``now``, or where the market is closed the start of the next trading day."""
        day = self._calendar.day_at(now)
        while day.session_at(now) is Session.CLOSED:
            now = day.end_ms
            day = self._calendar.day_at(now)
        return now
