"""The bars of many symbols, and the rules by which the vendor's bars change them.

The trading day of a bar comes from its own time. A symbol has the bars of its newest day: with the first bar
of a later one it starts afresh, and what comes of an earlier one changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Final

import msgspec

from streams.bars.day import HOUR_MINUTES, HOURS, NONE, Day
from streams.bars.minute import HOUR_MS, MINUTE_MS, Hour
from streams.events import Aggregate, MinuteAggregate
from streams.sessions import MarketCalendar
from streams.telemetry import Counters

FUTURE_TOLERANCE_MS: Final = 60 * 60 * 1000
"""How far a bar may lie after its receipt: clocks differ, but nothing is known before it happens."""
SECOND_MS: Final = 1_000
BARS_MS: Final = HOURS * HOUR_MS


class SymbolBars:
    """The bars of some symbols in their newest trading days.

    Args:
        rows: Their hours as recovered, by `key_of`, of earlier days among them; changed in place.
        calendar: Trading days.
        counters: Where events are counted that change nothing, by reason.
        on_day_over: Called with a symbol and its day when a later one begins.

    Attributes:
        days: The days by symbol.
        changed: The minutes of their days (from 04:00 ET) that have changed, by symbol; whoever takes them
            clears them.
        newer: The symbols that have a newer raw bar, likewise.
    """

    def __init__(
        self,
        rows: dict[str, Hour],
        calendar: MarketCalendar,
        counters: Counters,
        on_day_over: Callable[[str, Day], None] = lambda _symbol, _day: None,
    ) -> None:
        self._rows = rows
        self._calendar = calendar
        self._counters = counters
        self._on_day_over = on_day_over
        self.days = _days(rows)
        self.changed: dict[str, set[int]] = {}
        self.newer: set[str] = set()

    def apply(  # noqa: PLR0912  a call costs more than a branch, for each bar of the market
        self,
        events: Sequence[Aggregate],
        raws: Sequence[bytes | msgspec.Raw] | None,
        offset: int,
        received_ms: int | None,
        *,
        again: bool = False,
    ) -> None:
        """Apply the vendor's bars of one batch, in arrival order.

        Args:
            events: Bars of a second or of a minute.
            raws: The bytes of each. None where nobody follows: then there are no newest raw bars, and neither
                `changed` nor `newer` is kept.
            offset: The batch's source offset: the stamp of the rows that it changes.
            received_ms: When the batch was received, ms since 1970 UTC; None where that is unknown.
            again: Whether some rows may hold the batch already.
        """
        # Hot: runs for each bar of the market.
        latest_ms = None if received_ms is None else received_ms + FUTURE_TOLERANCE_MS
        days, newer, applied = self.days, self.newer, set[int]()
        repeated = 0
        for event, raw in zip(events, repeat(None, len(events)) if raws is None else raws, strict=True):
            symbol, start_ms = event.sym, event.s
            if latest_ms is not None and start_ms > latest_ms:
                self._counters.add("events_ignored", reason="from_the_future")
                continue
            day = days.get(symbol)
            if day is None or not 0 <= start_ms - day.start_ms < BARS_MS:
                day = self._turn(symbol, start_ms)
                if day is None:
                    continue
            number, rest_ms = divmod(start_ms - day.start_ms, HOUR_MS)
            hour = day.hours.get(number)
            if hour is None:
                hour = self._begin_hour(symbol, day, number)
            if again:
                if hour.offset >= offset and id(hour) not in applied:
                    continue
                applied.add(id(hour))
            end_ms = event.e
            if raw is not None and (
                end_ms > hour.raw_end_ms or (end_ms == hour.raw_end_ms and start_ms >= hour.raw_start_ms)
            ):
                hour.raw, hour.raw_end_ms, hour.raw_start_ms = bytes(raw), end_ms, start_ms
                hour.offset = offset
                newer.add(symbol)
            if number >= HOURS:
                continue
            minute = rest_ms // MINUTE_MS
            if type(event) is MinuteAggregate:
                hour.tell(minute, event)
            elif not hour.add(minute, rest_ms // SECOND_MS % 60, event):
                repeated += 1
                continue
            hour.offset = offset
            minute += number * HOUR_MINUTES
            if raw is not None:
                self._note(symbol, day, minute)
            elif minute > day.newest:
                day.newest = minute
        if repeated:
            self._counters.add("events_ignored", repeated, reason="second_counted_already")

    def _note(self, symbol: str, day: Day, minute: int) -> None:
        try:
            minutes = self.changed[symbol]
        except KeyError:
            minutes = self.changed[symbol] = set()
        minutes.add(minute)
        if minute > day.newest:
            if day.newest != NONE:
                minutes.add(day.newest)  # it is final now
            day.newest = minute

    def _turn(self, symbol: str, start_ms: int) -> Day | None:
        """Return the day of a bar that a symbol's known day has no minute for, None where it is over."""
        day_ms = self._calendar.day_at(start_ms).start_ms
        known = self.days.get(symbol)
        if known is not None:
            if day_ms == known.start_ms:
                return known
            if day_ms < known.start_ms:
                self._counters.add("events_ignored", reason="earlier_day")
                return None
            self._on_day_over(symbol, known)
            for hour in known.hours.values():
                # Its row stands until the hour comes again; what was in it is of no use to anybody.
                hour.data, hour.seconds, hour.raw = bytearray(), bytearray(), b""
        self.changed.pop(symbol, None)
        day = self.days[symbol] = Day(day_ms, {})
        return day

    def _begin_hour(self, symbol: str, day: Day, number: int) -> Hour:
        hour = day.hours[number] = Hour(NONE, day.start_ms + number * HOUR_MS)
        self._rows[key_of(symbol, number)] = hour
        return hour


def key_of(symbol: str, number: int) -> str:
    """Return the table's key of an hour of a symbol, counted from 04:00 ET."""
    return f"{symbol} {number}"


def _days(rows: Mapping[str, Hour]) -> dict[str, Day]:
    """Return the newest day of each symbol, from all rows that there are."""
    found: dict[str, tuple[int, dict[int, Hour]]] = {}
    for key, hour in rows.items():
        symbol, _, number = key.rpartition(" ")
        day_ms = hour.start_ms - int(number) * HOUR_MS
        known = found.get(symbol)
        if known is None or day_ms > known[0]:
            known = found[symbol] = day_ms, {}
        if day_ms == known[0]:
            known[1][int(number)] = hour
    return {symbol: Day(day_ms, hours) for symbol, (day_ms, hours) in found.items()}
