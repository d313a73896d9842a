"""The bars of many symbols, and the rules by which the vendor's bars, and trades, change them.

The trading day of a bar comes from its own time. A symbol has the bars of its newest day: with the first bar
of a later one it starts afresh, and what comes of an earlier one changes nothing. Trades make the bars of the
minutes that the vendor has none of: they are left alone where its minute is told when they come, and where
it is told later that counts (`streams.bars.day`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Final, TypeVar

import msgspec

from streams.bars.day import HOUR_MINUTES, HOURS, NONE, Day
from streams.bars.minute import HOUR_MS, MINUTE_MS, Hour
from streams.bars.traded import TradedHour, TradeHead
from streams.conditions import FORM_T, Rule, rule_of
from streams.events import Aggregate, MinuteAggregate
from streams.sessions import MarketCalendar, Session, TradingDay
from streams.telemetry import Counters

FUTURE_TOLERANCE_MS: Final = 60 * 60 * 1000
"""How far a bar may lie after its receipt: clocks differ, but nothing is known before it happens."""
SECOND_MS: Final = 1_000
BARS_MS: Final = HOURS * HOUR_MS

R = TypeVar("R", Hour, TradedHour)


class SymbolBars:
    """The bars of some symbols in their newest trading days.

    Args:
        rows: Their hours as recovered, by `key_of`, of earlier days among them; changed in place.
        traded: Their hours of bars made of trades, likewise.
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
        traded: dict[str, TradedHour],
        calendar: MarketCalendar,
        counters: Counters,
        on_day_over: Callable[[str, Day], None] = lambda _symbol, _day: None,
    ) -> None:
        self._rows = rows
        self._traded = traded
        self._calendar = calendar
        self._today = calendar.day_at(0)
        self._counters = counters
        self._on_day_over = on_day_over
        self.days = _days(rows, traded)
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

    def trade(
        self,
        trades: Sequence[TradeHead],
        offset: int,
        received_ms: int | None,
        *,
        followed: bool = True,
        again: bool = False,
    ) -> None:
        """Apply the trades of one batch, in arrival order.

        Args:
            trades: The trades.
            offset: The batch's source offset: the stamp of the rows that it changes.
            received_ms: When the batch was received, ms since 1970 UTC; None where that is unknown.
            followed: Whether `changed` is kept.
            again: Whether some rows may hold the batch already.
        """
        # Hot: runs for each trade of the market.
        latest_ms = None if received_ms is None else received_ms + FUTURE_TOLERANCE_MS
        days, applied = self.days, set[int]()
        for trade in trades:
            symbol, time_ms = trade.sym, trade.t
            if latest_ms is not None and time_ms > latest_ms:
                self._counters.add("events_ignored", reason="from_the_future")
                continue
            day = days.get(symbol)
            if day is None or not 0 <= time_ms - day.start_ms < BARS_MS:
                day = self._turn_for_trade(symbol, time_ms)
                if day is None:
                    continue
            number, rest_ms = divmod(time_ms - day.start_ms, HOUR_MS)
            minute, at_ms = divmod(rest_ms, MINUTE_MS)
            told = day.hours.get(number)
            if told is not None and told.has(minute):
                continue
            traded = day.traded.get(number)
            if traded is None:
                traded = self._begin_traded(symbol, day, number)
            if again:
                if traded.offset >= offset and id(traded) not in applied:
                    continue
                applied.add(id(traded))
            traded.offset = offset
            if traded.add(minute, at_ms, trade.p, trade.s, self._rule(trade), told):
                minute += number * HOUR_MINUTES
                if followed:
                    self._note(symbol, day, minute)
                elif minute > day.newest:
                    day.newest = minute

    def _rule(self, trade: TradeHead) -> Rule:
        conditions = trade.c
        if not conditions or FORM_T not in conditions:
            return rule_of(conditions)
        is_regular = self._day_at(trade.t).session_at(trade.t) is Session.REGULAR
        return rule_of(conditions, extended_hours=not is_regular)

    def _day_at(self, time_ms: int) -> TradingDay:
        today = self._today
        if not today.start_ms <= time_ms < today.end_ms:
            today = self._today = self._calendar.day_at(time_ms)
        return today

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
        day_ms = self._day_at(start_ms).start_ms
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
            for traded in known.traded.values():
                traded.clear()
        self.changed.pop(symbol, None)
        day = self.days[symbol] = Day(day_ms, {}, {})
        return day

    def _turn_for_trade(self, symbol: str, time_ms: int) -> Day | None:
        """Return the same of a trade; None also after 20:00 ET, where no row would tell of a new day."""
        if time_ms - self._day_at(time_ms).start_ms >= BARS_MS:
            return None
        return self._turn(symbol, time_ms)

    def _begin_hour(self, symbol: str, day: Day, number: int) -> Hour:
        hour = day.hours[number] = Hour(NONE, day.start_ms + number * HOUR_MS)
        self._rows[key_of(symbol, number)] = hour
        return hour

    def _begin_traded(self, symbol: str, day: Day, number: int) -> TradedHour:
        for earlier, traded in list(day.traded.items()):
            told = day.hours.get(earlier)
            if earlier < number:
                traded.close(told)
            if not traded.adds_to(told):
                # Nobody has to look at it for bars. Its row stands.
                del day.traded[earlier]
        key, start_ms = key_of(symbol, number), day.start_ms + number * HOUR_MS
        known = self._traded.get(key)
        if known is None or known.start_ms != start_ms:
            known = self._traded[key] = TradedHour(NONE, start_ms)
        day.traded[number] = known
        return known


def key_of(symbol: str, number: int) -> str:
    """Return the table's key of an hour of a symbol, counted from 04:00 ET."""
    return f"{symbol} {number}"


def _days(rows: Mapping[str, Hour], traded: Mapping[str, TradedHour]) -> dict[str, Day]:
    """Return the newest day of each symbol, from all rows that there are."""
    told, made = _newest_days(rows), _newest_days(traded)
    days: dict[str, Day] = {}
    for symbol in told.keys() | made.keys():
        day_ms = max(known[symbol][0] for known in (told, made) if symbol in known)
        hours, trades = told.get(symbol), made.get(symbol)
        days[symbol] = Day(
            day_ms,
            hours[1] if hours is not None and hours[0] == day_ms else {},
            trades[1] if trades is not None and trades[0] == day_ms else {},
        )
    return days


def _newest_days(rows: Mapping[str, R]) -> dict[str, tuple[int, dict[int, R]]]:
    """Return the start of each symbol's newest day, and its rows by the number of their hour."""
    found: dict[str, tuple[int, dict[int, R]]] = {}
    for key, hour in rows.items():
        symbol, _, number = key.rpartition(" ")
        day_ms = hour.start_ms - int(number) * HOUR_MS
        known = found.get(symbol)
        if known is None or day_ms > known[0]:
            known = found[symbol] = day_ms, {}
        if day_ms == known[0]:
            known[1][int(number)] = hour
    return found
