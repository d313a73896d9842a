"""The market as the platform's rules make it of bars and trades: ranked boards, alerts, minute bars."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Final, cast

from streams import feeds
from streams.backtest.frames import Used
from streams.backtest.references import ReferenceBook
from streams.bars.day import Day
from streams.bars.symbols import SymbolBars
from streams.bars.traded import TradeHead
from streams.events import Aggregate
from streams.reference.model import KnownReference
from streams.scanner.alert import make_alert
from streams.scanner.partial import Merger
from streams.scanner.partition import PartitionScanner
from streams.scanner.screener import Screener
from streams.scanner.screener_boards import ScreenerBoards
from streams.scanner.symbol import SymbolState, SymbolStates
from streams.sessions import MarketCalendar
from streams.telemetry import Counters

PARTITION: Final = 0
"""All symbols are in one partition: boards and alerts are the same in however many."""


class Market:
    """The symbols of a recording, changed by the rules that the workers apply.

    Args:
        references: Reference data.
        now_ms: The present, ms since 1970 UTC: as in a worker no bar is believed that lies after it by more
            than an hour.
        counters: Counts ``events_ignored`` by reason.
        on_alert: Called with each alert, a JSON object as md.alerts has it, in the order in which they
            arise. Its id names the frame in place of the record.
        on_day: Called with a symbol and its day of bars once that is over: when a later one begins, or the
            recording ends.
    """

    def __init__(
        self,
        references: ReferenceBook,
        now_ms: int,
        counters: Counters,
        on_alert: Callable[[bytes], None],
        on_day: Callable[[str, Day], None],
    ) -> None:
        self._references = references
        self._now_ms = now_ms
        self._on_alert = on_alert
        self._on_day = on_day
        self._rows: dict[str, SymbolState] = {}
        calendar = MarketCalendar()
        self._states = SymbolStates(self._rows, calendar, counters)
        # They ignore the same events and some more, which would be counted twice.
        self._bars = SymbolBars({}, {}, calendar, Counters(), on_day)

    def apply(self, events: Sequence[Used], frame: int) -> None:
        """Apply the bars and trades of a frame.

        Args:
            events: They, in arrival order.
            frame: The frame's number, counted from 0.
        """
        bars = [event for event in events if not isinstance(event, TradeHead)]
        for breakout in self._states.apply(bars, frame, self._now_ms):
            reference = self._references.on(breakout.bar.sym, breakout.day_ms)
            self._on_alert(make_alert(breakout, PARTITION, frame, reference))
        if len(bars) == len(events):
            self._bars.apply(bars, None, frame, self._now_ms)
            return
        for kind, run in itertools.groupby(events, type):
            if kind is TradeHead:
                self._bars.trade(cast(list[TradeHead], list(run)), frame, self._now_ms, followed=False)
            else:
                self._bars.apply(cast(list[Aggregate], list(run)), None, frame, self._now_ms)

    def end(self) -> None:
        """Tell of the days of bars that are not over yet."""
        for symbol, day in sorted(self._bars.days.items()):
            self._on_day(symbol, day)

    def boards(self, screeners: Iterable[Screener] = ()) -> dict[str, bytes]:
        """Return the boards as they stand, user-defined ones last: JSON arrays of rows by key in Redis."""
        merger = Merger(1)
        partial = PartitionScanner(PARTITION, self._rows, self._reference, screeners).partial()
        if partial is not None:
            merger.accept(partial)
        made = {feed.key(): board for feed, board in merger.boards().items()}
        defined = ScreenerBoards().changes(merger.newest(), 0)
        return made | {feeds.SCREENER.key(name): board for name, board in defined.items()}

    def _reference(self, symbol: str) -> KnownReference | None:
        reference = self._references.on(symbol, self._rows[symbol].day_ms)
        return None if reference is None else KnownReference(0, reference)
