"""The state of one symbol: its newest bar and the baseline of its open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from streams.events import Aggregate, MinuteAggregate
from streams.sessions import MarketCalendar
from streams.telemetry import Counters

FUTURE_TOLERANCE_MS: Final = 60 * 60 * 1000
"""How far an event may lie after its receipt: clocks differ, but nothing is known before it happens."""


class SymbolState(msgspec.Struct, gc=False):
    """A symbol's state between two resets of its baseline.

    Attributes:
        offset: The newest source offset that it includes.
        day_ms: Start of its trading day (04:00 ET), ms since 1970 UTC.
        since_ms: Start of its baseline: 04:00 ET, or 09:30 ET once that is past.
        until_ms: When the baseline ends: 09:30 ET or the day's end.
        open: The baseline: the first bar's open, else close, since ``since_ms``; dollars.
        last: The newest bar.
    """

    offset: int
    day_ms: int
    since_ms: int
    until_ms: int
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

    def apply(self, events: Iterable[Aggregate], offset: int, received_ms: int | None) -> None:
        """Apply the bars of one batch, in arrival order.

        Args:
            events: The bars.
            offset: The batch's source offset: the stamp of the rows that it changes.
            received_ms: When the batch was received, ms since 1970 UTC; None where that is unknown.
        """
        find = self.rows.get
        for event in events:
            state = find(event.sym)
            # Nearly every bar belongs to the baseline that its symbol is in: no calendar for those.
            if state is not None and state.since_ms <= event.s < state.until_ms:
                last = state.last
                # Bars of a second and of a minute come in any order: of two with one end the shorter counts.
                if event.e > last.e or (event.e == last.e and event.s >= last.s):
                    state.last = event
                    state.offset = offset
            else:
                self._turn(state, event, offset, received_ms)

    def _turn(
        self, state: SymbolState | None, event: Aggregate, offset: int, received_ms: int | None
    ) -> None:
        if received_ms is not None and event.s > received_ms + FUTURE_TOLERANCE_MS:
            self._counters.add("events_ignored", reason="from_the_future")
            return
        day = self._calendar.day_at(event.s)
        since_ms = day.baseline_start(event.s)
        if state is not None and since_ms < state.since_ms:
            reason = "earlier_day" if day.start_ms < state.day_ms else "before_the_open"
            self._counters.add("events_ignored", reason=reason)
            return
        self.rows[event.sym] = SymbolState(
            offset=offset,
            day_ms=day.start_ms,
            since_ms=since_ms,
            until_ms=day.open_ms if event.s < day.open_ms else day.end_ms,
            open=event.o or event.c,
            last=event,
        )
