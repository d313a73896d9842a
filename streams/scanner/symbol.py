"""The state of one symbol: its newest bar, the baseline of its open, and the range of its day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from streams.events import Aggregate, MinuteAggregate
from streams.scanner.daily_range import Break, DailyRange, Direction, limits, widen
from streams.sessions import MarketCalendar, Session, TradingDay
from streams.telemetry import Counters

FUTURE_TOLERANCE_MS: Final = 60 * 60 * 1000
"""How far an event may lie after its receipt: clocks differ, but nothing is known before it happens."""
_HIGH: Final = Direction.HIGH


class SymbolState(msgspec.Struct, gc=False, tag_field="v", tag=1):
    """A symbol's state in its trading day. What nearly every bar reads stands first, side by side in memory.

    Attributes:
        session_since_ms: When the latest session began that it has had a bar of, ms since 1970 UTC.
        session_until_ms: When that ends.
        last: The newest bar.
        offset: The newest source offset that it includes.
        high: A price above this changes the bounds of that session; dollars, or infinite.
        low: So does one below this.
        session: That session.
        day_ms: Start of its trading day (04:00 ET), ms since 1970 UTC.
        since_ms: Start of its baseline: 04:00 ET, or 09:30 ET once that is past.
        open: The baseline: the first bar's open, else close, since ``since_ms``; dollars.
        bounds: The range of its day.
        highs: How many highs were broken today.
        lows: How many lows were.
    """

    session_since_ms: int
    session_until_ms: int
    last: Aggregate | MinuteAggregate
    offset: int
    high: float
    low: float
    session: Session
    day_ms: int
    since_ms: int
    open: float
    bounds: DailyRange
    highs: int = 0
    lows: int = 0


class Breakout(msgspec.Struct, gc=False, frozen=True):
    """A broken bound of a symbol's session.

    Attributes:
        bar: The bar that broke it.
        session: Its session.
        broken: What it broke.
        count: How many bounds of that direction the symbol has broken today, this one included.
        day_ms: Start of the trading day, ms since 1970 UTC.
        open: The baseline as of that bar; dollars.
        last: The newest bar then.
    """

    bar: Aggregate | MinuteAggregate
    session: Session
    broken: Break
    count: int
    day_ms: int
    open: float
    last: Aggregate | MinuteAggregate


class SymbolStates:
    """The symbols of one partition, and the rules by which bars change them.

    Args:
        rows: The states by symbol; changed in place.
        calendar: Trading days.
        counters: Where events are counted that change nothing, by reason.
    """

    def __init__(self, rows: dict[str, SymbolState], calendar: MarketCalendar, counters: Counters) -> None:
        self.rows = rows
        self._calendar = calendar
        self._counters = counters

    def apply(self, events: Iterable[Aggregate], offset: int, received_ms: int | None) -> list[Breakout]:
        """Apply the bars of one batch, in arrival order.

        Args:
            events: The bars.
            offset: The batch's source offset: the stamp of the rows that it changes.
            received_ms: When the batch was received, ms since 1970 UTC; None where that is unknown.

        Returns:
            What they broke, in order. The same bars on the same states break the same.
        """
        breakouts: list[Breakout] = []
        find = self.rows.get
        for event in events:
            state = find(event.sym)
            # Nearly every bar belongs to the session that its symbol is in: no calendar for those.
            if state is not None and state.session_since_ms <= event.s < state.session_until_ms:
                last = state.last
                # Bars of a second and of a minute come in any order: of two with one end the shorter counts.
                if event.e > last.e or (event.e == last.e and event.s >= last.s):
                    state.last = event
                    state.offset = offset
                try:
                    if event.h <= state.high and event.l >= state.low:  # type: ignore[operator]
                        continue
                except TypeError:
                    pass  # a bar without its high or low
                self._widen(state, event, state.session, offset, breakouts)
            else:
                self._turn(state, event, offset, received_ms, breakouts)
        return breakouts

    def _turn(
        self,
        state: SymbolState | None,
        event: Aggregate,
        offset: int,
        received_ms: int | None,
        breakouts: list[Breakout],
    ) -> None:
        if received_ms is not None and event.s > received_ms + FUTURE_TOLERANCE_MS:
            self._counters.add("events_ignored", reason="from_the_future")
            return
        day = self._calendar.day_at(event.s)
        session = day.session_at(event.s)
        if state is None or day.start_ms > state.day_ms:
            state = self.rows[event.sym] = _first(day, session, event, offset)
        elif day.start_ms < state.day_ms:
            self._counters.add("events_ignored", reason="earlier_day")
            return
        else:
            _follow(state, day, event, offset)
            if event.s >= state.session_until_ms:
                state.session = session
                state.session_since_ms, state.session_until_ms = day.session_span(event.s)
                state.high, state.low = limits(state.bounds, session)
        self._widen(state, event, session, offset, breakouts)

    def _widen(
        self, state: SymbolState, event: Aggregate, session: Session, offset: int, breakouts: list[Breakout]
    ) -> None:
        high = event.c if event.h is None else event.h
        low = event.c if event.l is None else event.l
        breaks = widen(state.bounds, session, high, low)
        if breaks is None:
            return
        state.offset = offset
        if session is state.session:
            state.high = max(state.high, high)
            if 0 < low < state.low:
                state.low = low
        for broken in breaks:
            if broken.direction is _HIGH:
                count = state.highs = state.highs + 1
            else:
                count = state.lows = state.lows + 1
            breakouts.append(Breakout(event, session, broken, count, state.day_ms, state.open, state.last))


def _first(day: TradingDay, session: Session, event: Aggregate, offset: int) -> SymbolState:
    """Return the state that the first bar of a day begins."""
    bounds = DailyRange()
    since_ms, until_ms = day.session_span(event.s)
    high, low = limits(bounds, session)
    return SymbolState(
        offset=offset,
        day_ms=day.start_ms,
        since_ms=day.baseline_start(event.s),
        open=event.o or event.c,
        last=event,
        bounds=bounds,
        session=session,
        session_since_ms=since_ms,
        session_until_ms=until_ms,
        high=high,
        low=low,
    )


def _follow(state: SymbolState, day: TradingDay, event: Aggregate, offset: int) -> None:
    """Let a bar of the state's day count for its baseline and as its newest bar."""
    since_ms, last = day.baseline_start(event.s), state.last
    if since_ms < state.since_ms:
        return
    if since_ms > state.since_ms:
        state.since_ms = since_ms
        state.open = event.o or event.c
    elif event.e < last.e or (event.e == last.e and event.s < last.s):
        return
    state.last = event
    state.offset = offset
