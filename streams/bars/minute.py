"""Minute bars, packed an hour at a time: a row of the table, and how the vendor's bars change it.

The market's day has up to 960 minutes of 8,000 symbols. As objects they would take gigabytes; packed, a bar
takes 57 bytes; a worker that has the whole market needs 70 bytes a bar with all that belongs to them, 530 MB
were every symbol to trade in every minute (benchmarks/bars.py), a quarter of that on an ordinary day.

A minute that the vendor tells (``AM``) counts as told last, so a correction replaces it. Until it is told the
minute is made of its second bars (``A``), in whatever order they come, each second once. A second that comes
again replaces what came before as long as its minute is the newest of its hour; later on the first counts,
for what each second did is only kept of the newest minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

import msgspec

from streams.events import Aggregate

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS

_RECORD: Final = Struct("<B6dQ")
"""Minute of the hour, open, high, low, close, volume, `_Money`, `_Seconds`."""
_VALUES: Final = Struct("<6dQ")
_SECOND: Final = Struct("<B6d")
"""Second of the minute, and its share of a record's values."""
RECORD_BYTES: Final = _RECORD.size
_TOLD: Final = 1 << 63
"""In place of the seconds: the vendor has told the minute. Its money is the vwap itself then."""

_MONEY_UNIT: Final = 1 << 20
_SHARES_UNIT: Final = 1 << 24
"""Parts of a dollar and of a share that are summed: powers of two, for such sums are exact in any order."""
VWAP_DECIMALS: Final = 4
VOLUME_DECIMALS: Final = 6

Shares = int | float


class Bar(msgspec.Struct, gc=False):
    """One bar.

    Attributes:
        t: Its start, ms since 1970 UTC.
        o, h, l, c: Open, high, low and close, dollars.
        v: Shares.
        vw: Volume-weighted average price, dollars; None where nothing tells it.
        final: Whether it is over: the vendor has told it whole, or its symbol has a later one. A late bar may
            still correct it.
    """

    t: int
    o: float
    h: float
    l: float  # noqa: E741  the field's name in every chart
    c: float
    v: Shares
    vw: float | None
    final: bool


class Hour(msgspec.Struct, gc=False, tag_field="v", tag=1):
    """The minute bars of one symbol and hour: a row of the table.

    Attributes:
        offset: The newest source offset that it includes.
        start_ms: Start of the hour, ms since 1970 UTC.
        raw: The newest of the vendor's bars, bytes unchanged.
        raw_end_ms, raw_start_ms: Its end and start. Of two with one end the shorter is the newer.
        data: The minutes, packed, in the order of time.
        seconds: The seconds of the newest of them, packed, as they came; none where the vendor has told it.
    """

    offset: int
    start_ms: int
    raw: bytes = b""
    raw_end_ms: int = -1
    raw_start_ms: int = -1
    data: bytearray = msgspec.field(default_factory=bytearray)
    seconds: bytearray = msgspec.field(default_factory=bytearray)

    def tell(self, minute: int, bar: Aggregate) -> None:
        """Let the vendor's bar of a minute (of the hour, 0 to 59) stand for that minute."""
        close, vwap = bar.c, bar.vw
        at, known = self._find(minute)
        record = _RECORD.pack(
            minute,
            bar.o or close,
            bar.h or close,
            bar.l or close,
            close,
            bar.v or 0,
            -1.0 if vwap is None else vwap,
            _TOLD,
        )
        self.data[at : at + RECORD_BYTES if known else at] = record
        if at + RECORD_BYTES == len(self.data):
            self.seconds = bytearray()

    def add(self, minute: int, second: int, bar: Aggregate) -> bool:
        """Add the bar of a second (0 to 59) to its minute (of the hour, 0 to 59).

        Returns:
            Whether it changes anything: not where the vendor has told the minute, nor where this second came
            before and is the same or can no longer be corrected.
        """
        # Hot: runs for each second bar of the market.
        close, volume, bit = bar.c, bar.v or 0, 1 << second
        open_, high, low = bar.o or close, bar.h or close, bar.l or close
        if type(volume) is not int:
            volume = round(volume * _SHARES_UNIT) / _SHARES_UNIT
        money = round(volume * (bar.vw or close) * _MONEY_UNIT) / _MONEY_UNIT
        packed = _SECOND.pack(second, open_, high, low, close, volume, money)
        data = self.data
        at, known = self._find(minute)
        if not known:
            if at == len(data):
                self.seconds = bytearray(packed)
            data[at:at] = _RECORD.pack(minute, open_, high, low, close, volume, money, bit)
            return True
        is_newest = at + RECORD_BYTES == len(data)
        was_open, was_high, was_low, was_close, was_volume, was_money, seconds = _VALUES.unpack_from(
            data, at + 1
        )
        if seconds & (bit | _TOLD):
            return not seconds & _TOLD and is_newest and self._correct(at, packed)
        _VALUES.pack_into(
            data,
            at + 1,
            was_open if bit > seconds & -seconds else open_,
            high if high > was_high else was_high,
            low if low < was_low else was_low,
            close if bit > seconds else was_close,
            was_volume + volume,
            was_money + money,
            seconds | bit,
        )
        if is_newest:
            self.seconds += packed
        return True

    def _correct(self, at: int, packed: bytes) -> bool:
        """Make the newest minute's record anew with another bar of one of its seconds."""
        place = self.seconds[:: _SECOND.size].index(packed[0]) * _SECOND.size
        if self.seconds[place : place + _SECOND.size] == packed:
            return False
        self.seconds[place : place + _SECOND.size] = packed
        seconds, opens, highs, lows, closes, volumes, money = zip(
            *sorted(_SECOND.iter_unpack(self.seconds)), strict=True
        )
        made_of = sum(1 << second for second in seconds)
        _VALUES.pack_into(
            self.data, at + 1, opens[0], max(highs), min(lows), closes[-1], sum(volumes), sum(money), made_of
        )
        return True

    def has(self, minute: int) -> bool:
        """Tell whether there is a bar of a minute of the hour."""
        # Hot: runs for each trade of the market.
        data = self.data
        if not data or data[-RECORD_BYTES] < minute:
            return False
        return data[-RECORD_BYTES] == minute or minute in data[::RECORD_BYTES]

    @property
    def count(self) -> int:
        """How many minutes there are."""
        return len(self.data) // RECORD_BYTES

    def minutes(self) -> bytes:
        """Return which minutes there are, in order, each as one byte."""
        return bytes(self.data[::RECORD_BYTES])

    def bars(self, from_minute: int = 0) -> Iterator[Bar]:
        """Yield the bars from a minute of the hour on, in order; final are those that the vendor told."""
        at, _ = self._find(from_minute)
        start_ms = self.start_ms
        for minute, open_, high, low, close, volume, money, seconds in _RECORD.iter_unpack(
            memoryview(self.data)[at:]
        ):
            told = bool(seconds & _TOLD)
            yield Bar(
                start_ms + minute * MINUTE_MS,
                open_,
                high,
                low,
                close,
                whole(volume),
                (money if money >= 0 else None) if told else vwap_of(money, volume),
                told,
            )

    def _find(self, minute: int) -> tuple[int, bool]:
        """Return where a minute's record is, or belongs, and whether it is there."""
        data = self.data
        if not data:
            return 0, False
        last = len(data) - RECORD_BYTES
        if data[last] == minute:
            return last, True
        if data[last] < minute:
            return len(data), False
        for number, there in enumerate(data[::RECORD_BYTES]):
            if there >= minute:
                return number * RECORD_BYTES, there == minute
        return len(data), False


def vwap_of(money: float, volume: float) -> float | None:
    """Return the volume-weighted average price of shares for which ``money`` dollars were paid."""
    return round(money / volume, VWAP_DECIMALS) if volume else None


def whole(volume: float) -> Shares:
    """Return shares as clients expect them: an integer, but for parts of a share."""
    return int(volume) if volume.is_integer() else round(volume, VOLUME_DECIMALS)
