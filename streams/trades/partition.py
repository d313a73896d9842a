"""The trades of one partition: which trades count for what, and what of it is new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from streams import feeds
from streams.conditions import FORM_T, Effect, Rule, rule_of
from streams.events import Trade
from streams.sessions import MarketCalendar, Session
from streams.slices import Slices
from streams.telemetry import Counters
from streams.trades.block import Block, LastTrade, symbol_of, unbroken
from streams.trades.top import Partial, Standing
from streams.trades.window import NOTHING, Window

FUTURE_TOLERANCE_MS: Final = 60 * 60 * 1000
"""How far a trade may lie after its receipt: clocks differ, but nothing is known before it happens."""
SECOND_MS: Final = 1_000

_encode: Final = msgspec.json.Encoder().encode


class PartitionTrades:
    """The windows of one partition's symbols, and their last trades.

    Args:
        number: The partition.
        rows: The blocks as recovered, by key; changed in place.
        calendar: Trading days.
        counters: Where trades are counted that change nothing, by reason.

    Attributes:
        clock_ms: The newest trade's time: the partition's event clock, ms since 1970 UTC.
    """

    def __init__(
        self, number: int, rows: dict[str, Block], calendar: MarketCalendar, counters: Counters
    ) -> None:
        self.number = number
        self._rows = rows
        self._calendar = calendar
        self._counters = counters
        self._day = calendar.day_at(0)
        self._windows = _windows(rows)
        self.clock_ms = max((window.newest_ms for window in self._windows.values()), default=0)
        self._standings: dict[str, Standing] = {}
        self._seen = NOTHING
        self._moved = True
        self._changed: set[str] = set()
        self.republish()

    def unseen(self, slices: Slices[Trade], offset: int) -> Slices[Trade]:
        """Return the trades of a batch that the recovered windows do not include yet."""
        kept = Slices[Trade]([], [], slices.rejected)
        passed: dict[str, int] = {}
        for event, raw in zip(slices.events, slices.raws, strict=True):
            window = self._windows.get(event.sym)
            if window is not None and offset <= window.offset:
                position = passed[event.sym] = passed.get(event.sym, 0) + 1
                if offset < window.offset or position <= window.taken:
                    continue
            kept.events.append(event)
            kept.raws.append(raw)
        return kept

    def apply(self, slices: Slices[Trade], offset: int, received_ms: int | None) -> None:
        """Apply the trades of one batch, in arrival order.

        Args:
            slices: The trades that the windows do not include yet.
            offset: The batch's source offset.
            received_ms: When it was received, ms since 1970 UTC; None where that is unknown.
        """
        # Hot: runs for each trade of the market.
        latest_ms = None if received_ms is None else received_ms + FUTURE_TOLERANCE_MS
        windows, rows, changed = self._windows, self._rows, self._changed
        for trade, raw in zip(slices.events, slices.raws, strict=True):
            symbol, time_ms = trade.sym, trade.t
            window = windows.get(symbol)
            if window is None:
                window = windows[symbol] = Window(symbol)
            if window.offset == offset:
                window.taken += 1
            else:
                window.offset, window.taken = offset, 1
            if latest_ms is not None and time_ms > latest_ms:
                self._counters.add("events_ignored", reason="from_the_future")
                continue
            rule = rule_of(trade.c)
            last = self._last(window.last, trade, raw, rule)
            if last is None:
                continue
            if last is not window.last:
                changed.add(symbol)
            if rule.volume:
                window.add(time_ms, trade.s, rows, last)
                self.clock_ms = max(self.clock_ms, time_ms)
            else:
                window.note(rows, last)

    def last_trades(self) -> Iterator[tuple[str, bytes]]:
        """Return the last trades, as received, that changed since the last call."""
        changed, self._changed = self._changed, set()
        for symbol in changed:
            last = self._windows[symbol].last
            if last is not None:
                yield symbol, last.raw

    def republish(self) -> None:
        """Have every last trade returned again that its feed still holds."""
        since_ms = self.clock_ms - feeds.TRADE.ttl * SECOND_MS
        self._changed.update(
            symbol
            for symbol, window in self._windows.items()
            if window.last is not None and window.last.t >= since_ms
        )

    def partial(self) -> Partial | None:
        """Return the windows that are not forgotten, None where nothing changed since the last call."""
        self._refresh()
        if not self._moved:
            return None
        self._moved = False
        return Partial(self.number, self._seen, self.clock_ms, list(self._standings.values()))

    def resend(self) -> None:
        """Have the partial returned again: the last one has not arrived."""
        self._moved = True

    def _refresh(self) -> None:
        seen = newest = self._seen
        standings, clock_ms = self._standings, self.clock_ms
        for symbol, window in self._windows.items():
            if window.offset <= seen:
                continue
            newest = max(newest, window.offset)
            stats = None if window.is_idle(clock_ms) else window.stats()
            if stats is not None:
                standings[symbol] = Standing(symbol, window.newest_ms, stats.total_volume, _encode(stats))
        self._moved = self._moved or newest > seen
        self._seen = newest
        for symbol in [symbol for symbol in standings if self._windows[symbol].is_idle(clock_ms)]:
            del standings[symbol]

    def _last(self, last: LastTrade | None, trade: Trade, raw: msgspec.Raw, rule: Rule) -> LastTrade | None:
        """Return the symbol's last trade after ``trade``.

        Until a trade of the day qualifies, the newest stands in for it: a symbol that has traded in odd lots
        alone has a price, too.
        """
        day_ms = self._day_ms(trade.t)
        effect = rule.last if rule.last is Effect.YES else self._effect(trade, rule)
        if last is not None and day_ms <= last.day_ms:
            is_late = trade.t < last.t
            if day_ms < last.day_ms or (is_late and (last.qualified or effect is Effect.NO)):
                return last
            if last.qualified and effect is not Effect.YES:
                return last
        if effect is Effect.NO and not rule.volume:
            return last
        return LastTrade(day_ms, trade.t, trade.p, trade.x, effect is not Effect.NO, bytes(raw))

    def _effect(self, trade: Trade, rule: Rule) -> Effect:
        if trade.c is None or FORM_T not in trade.c or self._day.session_at(trade.t) is Session.REGULAR:
            return rule.last
        return rule_of(trade.c, extended_hours=True).last

    def _day_ms(self, time_ms: int) -> int:
        day = self._day
        if not day.start_ms <= time_ms < day.end_ms:
            day = self._day = self._calendar.day_at(time_ms)
        return day.start_ms


def _windows(rows: dict[str, Block]) -> dict[str, Window]:
    """Return the windows of recovered blocks; the blocks are put in order, those after a gap taken out."""
    by_symbol: dict[str, list[Block]] = {}
    for key, block in rows.items():
        by_symbol.setdefault(symbol_of(key), []).append(block)
    keys = {id(block): key for key, block in rows.items()}
    rows.clear()
    windows: dict[str, Window] = {}
    for symbol, blocks in by_symbol.items():
        valid = unbroken(blocks)
        rows.update((keys[id(block)], block) for block in valid)
        windows[symbol] = Window(symbol, valid)
    return windows
