"""Each symbol's volume over the day that is over, into md.volume-curves: what later days are compared with.

A day is over when the clock says so, bars have come until its close, and none for some minutes; one that
comes afterwards makes its symbol's curve anew. The vendor's REST has no minute bars of the whole market at
once, so curves are kept as days pass.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

import msgspec

from streams.bars.day import Day
from streams.bars.partition import PartitionBars
from streams.sessions import MarketCalendar
from streams.settings import Settings
from streams.telemetry import Counters
from streams.topics import VOLUME_CURVES
from streams.volume_curve import SessionCurve, encode, make_curve
from streams.writer import RecordWriter

KEPT_DAYS: Final = 21
"""Days after which a symbol's curve is replaced by another day's: three weeks hold more than ten sessions."""
MISSING: Final = 0.01
"""Largest share of the day's volume that bars may lack: a platform that began at noon knows no morning."""
AT_ONCE: Final = 100
"""Symbols after which other work gets its turn."""


class _Total(msgspec.Struct):
    av: float


_read_total: Final = msgspec.json.Decoder(_Total).decode


def is_whole(day: Day, traded: float) -> bool:
    """Tell whether bars of so many shares are the whole day: the newest one tells the day's volume."""
    try:
        total = _read_total(day.raw).av
    except msgspec.DecodeError:
        return False
    return abs(total - traded) <= MISSING * total


class VolumeCurves:
    """Writes the curves of one worker's partitions.

    Args:
        settings: Where Kafka is, and how long a quiet time ends the day.
        counters: Counts ``volume_curves``, by what became of them.
        partitions: The bars, changed elsewhere.
    """

    def __init__(
        self, settings: Settings, counters: Counters, partitions: Mapping[int, PartitionBars]
    ) -> None:
        self._settings = settings
        self._counters = counters
        self._partitions = partitions
        self._calendar = MarketCalendar()
        self._writer = RecordWriter(settings)
        self._ends: dict[int, dict[int, int]] = {}
        self._written: dict[str, int] = {}

    async def run(self) -> None:
        """Write what is over, for ever."""
        try:
            while True:
                await asyncio.sleep(self._settings.volume_curves_quiet_s)
                for number, partition in list(self._partitions.items()):
                    days = partition.symbols.days
                    ends = _ends(days)
                    if ends == self._ends.get(number):
                        await self._write(number, days, self._days_over(ends))
                    self._ends[number] = ends
        finally:
            await self._writer.close()

    def _days_over(self, ends: Mapping[int, int]) -> set[int]:
        """Return which days are over, of those that have bars, by their starts."""
        over = set()
        for start_ms, end_ms in ends.items():
            day = self._calendar.day_at(start_ms)
            if end_ms >= day.close_ms and time.time() * 1000 >= day.after_hours_end_ms:
                over.add(start_ms)
        return over

    async def _write(self, number: int, days: Mapping[str, Day], over: Collection[int]) -> None:
        changed = {
            symbol: day
            for symbol, day in days.items()
            if day.start_ms in over and self._written.get(symbol) != day.raw_end_ms
        }
        marks = {symbol: day.raw_end_ms for symbol, day in changed.items()}
        records = []
        for count, (symbol, day) in enumerate(changed.items(), 1):
            record = self._record(symbol, day)
            if record is not None:
                records.append(record)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
        if records and await self._writer.write(self._settings.topic(VOLUME_CURVES), number, records) is None:
            return
        self._written.update(marks)
        if marks:
            self._counters.add("volume_curves", len(records), reason="written")
            self._counters.add("volume_curves", len(marks) - len(records), reason="incomplete_day")

    def _record(self, symbol: str, day: Day) -> tuple[bytes, bytes] | None:
        bars = [(bar.t - day.start_ms, bar.v) for bar in day.bars()]
        if not bars or not is_whole(day, sum(shares for _, shares in bars)):
            return None
        key = curve_key(symbol, self._calendar.date_at(day.start_ms))
        return key, encode(SessionCurve(symbol, day.start_ms, make_curve(bars)))


def _ends(days: Mapping[str, Day]) -> dict[int, int]:
    """Return the end of each day's newest bar, by the day's start; both ms since 1970 UTC."""
    ends: dict[int, int] = {}
    for day in days.values():
        ends[day.start_ms] = max(ends.get(day.start_ms, 0), day.raw_end_ms)
    return ends


def curve_key(symbol: str, day: date) -> bytes:
    """Return the key of a symbol's curve: it comes round again, so that the topic holds some weeks."""
    return f"{symbol} {day.toordinal() % KEPT_DAYS}".encode()
