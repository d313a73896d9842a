"""Minute bars made of trades, for minutes that none of the vendor's bars tells.

Which trade does what is the consolidated tape's rule (`streams.conditions`): some set the price, some only
the high and low, odd lots and the like count for the volume alone. A minute has a bar once a trade has set
its price, as with the vendor's own; until then its volume waits. A late report (`Effect.IF_FIRST`) never
sets the price: the plans let it where it is the day's first, the vendor's bars, which these stand in for, do
not. In extended hours a Form T is a regular sale, or there would be no bars.

Open and close are those of the earliest and the latest trade by their own times, of two at one time the
first and the last to come. So trades that come out of order, minutes later too, find their places.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

import msgspec

from streams.bars.minute import MINUTE_MS, Bar, Hour, vwap_of, whole
from streams.conditions import Effect, Rule
from streams.events import Milliseconds, Price, Shares, Symbol

_RECORD: Final = Struct("<BHH6d")
"""The fields of a `TradedMinute`, in order."""
_BYTES: Final = _RECORD.size


class TradeHead(msgspec.Struct, gc=False, tag_field="ev", tag="T"):
    """What bars need of a trade: see `streams.events.Trade`."""

    sym: Symbol
    p: Price
    s: Shares
    t: Milliseconds
    c: tuple[int, ...] | None = None


class TradedMinute(msgspec.Struct, gc=False):
    """What trades make of one minute.

    Attributes:
        minute: Of the hour.
        open_ms: When in the minute the open was traded; `MINUTE_MS` where no trade has set a price.
        close_ms: When the close was, likewise.
        open, close: Dollars; nothing before the first price.
        high, low: Dollars.
        volume: Shares.
        money: Dollars that were paid for them.
    """

    minute: int
    open_ms: int = MINUTE_MS
    close_ms: int = 0
    open: float = 0.0
    close: float = 0.0
    high: float = float("-inf")
    low: float = float("inf")
    volume: float = 0.0
    money: float = 0.0

    @property
    def is_priced(self) -> bool:
        """Whether a trade has set a price, so that there is a bar."""
        return self.open_ms < MINUTE_MS

    def add(self, at_ms: int, price: float, shares: float, rule: Rule) -> None:
        """Add a trade, by what its conditions let it do; ``at_ms`` is counted from the minute's start."""
        # Hot: runs for each trade of a symbol without the vendor's bars.
        if rule.last is Effect.YES:
            if at_ms < self.open_ms:
                self.open_ms, self.open = at_ms, price
            if at_ms >= self.close_ms:
                self.close_ms, self.close = at_ms, price
        if rule.high_low:
            if price > self.high:  # noqa: PLR1730  a call costs more
                self.high = price
            if price < self.low:  # noqa: PLR1730  likewise
                self.low = price
        if rule.volume:
            self.volume += shares
            self.money += shares * price

    def bar(self, hour_ms: int) -> Bar:
        """Return the bar, not final, of a minute that is priced."""
        return Bar(
            hour_ms + self.minute * MINUTE_MS,
            self.open,
            self.high,
            self.low,
            self.close,
            whole(self.volume),
            vwap_of(self.money, self.volume),
            False,
        )


class TradedHour(msgspec.Struct, gc=False, tag_field="v", tag=1):
    """The minutes of one symbol and hour that are made of trades: a row of their table.

    Where the vendor's bars come, rows are all but empty: a minute that is told is left alone.

    Attributes:
        offset: The newest source offset that it includes.
        start_ms: Start of the hour, ms since 1970 UTC.
        newest: The newest minute.
        priced: Earlier ones that have a price, packed, in the order of time.
        waiting: Earlier ones that have none, likewise.
    """

    offset: int
    start_ms: int
    newest: TradedMinute | None = None
    priced: bytearray = msgspec.field(default_factory=bytearray)
    waiting: bytearray = msgspec.field(default_factory=bytearray)

    def add(  # noqa: PLR0913  a trade's values one by one, in the hot path
        self, minute: int, at_ms: int, price: float, shares: float, rule: Rule, told: Hour | None
    ) -> bool:
        """Add a trade to a minute (of the hour, 0 to 59).

        Args:
            minute: The minute, which the vendor has not told.
            at_ms: When in the minute it was.
            price: Dollars.
            shares: Its size.
            rule: What its conditions let it do.
            told: The vendor's bars of the hour.

        Returns:
            Whether the minute has a bar now.
        """
        newest = self.newest
        if newest is None or minute != newest.minute:
            if minute < (self._last_packed() if newest is None else newest.minute):
                return self._add_late(minute, at_ms, price, shares, rule)
            self.close(told)
            newest = self.newest = self._take(minute)
        newest.add(at_ms, price, shares, rule)
        return newest.open_ms < MINUTE_MS

    def close(self, told: Hour | None) -> None:
        """Pack the newest minute; forget it where the vendor has told it by now."""
        newest, self.newest = self.newest, None
        if newest is not None and not (told is not None and told.has(newest.minute)):
            self._pack(newest)

    def clear(self) -> None:
        """Forget all minutes."""
        self.newest, self.priced, self.waiting = None, bytearray(), bytearray()

    def adds_to(self, told: Hour | None) -> bool:
        """Tell whether there may be bars that the vendor's of the hour are not."""
        if self.priced:
            return True
        newest = self.newest
        if newest is None or newest.open_ms == MINUTE_MS:
            return False
        return told is None or not told.has(newest.minute)

    def minutes(self) -> bytes:
        """Return which minutes have a bar, in order, each as one byte."""
        newest = self.newest
        last = bytes([newest.minute]) if newest is not None and newest.is_priced else b""
        return bytes(self.priced[::_BYTES]) + last

    def bars(self, from_minute: int = 0) -> Iterator[Bar]:
        """Yield the bars from a minute of the hour on, in order; none is final."""
        at, _ = _find(self.priced, from_minute)
        for record in _RECORD.iter_unpack(memoryview(self.priced)[at:]):
            yield TradedMinute(*record).bar(self.start_ms)
        newest = self.newest
        if newest is not None and newest.is_priced and newest.minute >= from_minute:
            yield newest.bar(self.start_ms)

    def _add_late(self, minute: int, at_ms: int, price: float, shares: float, rule: Rule) -> bool:
        traded = self._take(minute)
        traded.add(at_ms, price, shares, rule)
        self._pack(traded)
        return traded.is_priced

    def _pack(self, traded: TradedMinute) -> None:
        packed = self.priced if traded.is_priced else self.waiting
        at, _ = _find(packed, traded.minute)
        packed[at:at] = _RECORD.pack(*msgspec.structs.astuple(traded))

    def _take(self, minute: int) -> TradedMinute:
        """Return a minute, taken out of the packed ones where it is among them."""
        for packed in (self.priced, self.waiting):
            at, known = _find(packed, minute)
            if known:
                traded = TradedMinute(*_RECORD.unpack_from(packed, at))
                del packed[at : at + _BYTES]
                return traded
        return TradedMinute(minute)

    def _last_packed(self) -> int:
        return max((packed[-_BYTES] for packed in (self.priced, self.waiting) if packed), default=0)


def _find(packed: bytearray, minute: int) -> tuple[int, bool]:
    """Return where a minute's record is, or belongs, and whether it is there."""
    for number, there in enumerate(packed[::_BYTES]):
        if there >= minute:
            return number * _BYTES, there == minute
    return len(packed), False
