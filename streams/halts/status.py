"""Whether a symbol is halted, by the vendor's limit-up limit-down messages.

Most messages only move the bands. Indicator 17 is a halt and 18 a resumption; the vendor sends them for
Nasdaq-listed stocks alone (its page "Limit Up - Limit Down (LULD)"). A pause lasts five minutes and may be
prolonged (Plan to Address Extraordinary Market Volatility, section VII).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from streams.events import Luld
from streams.sessions import MarketCalendar
from streams.telemetry import Counters

HALT: Final = 17
RESUME: Final = 18
PAUSE_MS: Final = 5 * 60_000
"""A trading pause lasts at least this long."""
FUTURE_TOLERANCE_MS: Final = 60 * 60 * 1000
"""How far a message may lie after its receipt."""
MAX_ENTRIES: Final = 40
"""Halts and resumptions of a symbol that are kept."""
_NS_IN_MS: Final = 1_000_000
_LEAST_NS: Final = 10**15
"""Times below are ms: the vendor's page says ms, its feed sends ns."""


class Status(StrEnum):
    """Where trading in a symbol stands."""

    TRADING = "trading"
    HALTED = "halted"
    RESUMED = "resumed"


class HaltEntry(msgspec.Struct):
    """A halt or a resumption: an entry of halts:latest, and an alert on md.alerts.

    Attributes:
        kind: ``halt``, in an alert's terms.
        symbol: Whose trading.
        status: ``halted`` or ``resumed``.
        timestamp: When it happened, s since 1970 UTC, as in every alert.
        halted_at, resumed_at: Start and end of the halt, ms since 1970 UTC; null where unknown or to come.
        earliest_reopening: Start + 5 min, ms; a pause can be prolonged.
        upper_band, lower_band: The newest price bands, dollars; null where none were told.
        halts_today: Halts of the symbol that began on this trading day.
        note: The same in words.
    """

    symbol: str
    status: Status
    timestamp: float
    halted_at: int | None
    resumed_at: int | None
    earliest_reopening: int | None
    upper_band: float | None
    lower_band: float | None
    halts_today: int
    note: str
    kind: str = "halt"


class SymbolHalts(msgspec.Struct, tag_field="v", tag=1):
    """A symbol's bands and its newest halt. Times are ms since 1970 UTC, prices dollars.

    Attributes:
        offset: The newest source offset that it includes.
        t: Time of the newest message.
        raw: That message, bytes unchanged.
        status: Where trading stands.
        changed_ms: When that began; 0 for never.
        halted_ms: Start of the newest halt; None where none is known.
        resumed_ms: Its end; None while it lasts.
        upper, lower: The newest bands; None where none were told.
        day_ms: Start of the trading day (04:00 ET) that ``count`` is of.
        count: Halts that began on that day.
        entries: The newest halts and resumptions, newest last.
    """

    offset: int
    t: int
    raw: bytes
    status: Status = Status.TRADING
    changed_ms: int = 0
    halted_ms: int | None = None
    resumed_ms: int | None = None
    upper: float | None = None
    lower: float | None = None
    day_ms: int = 0
    count: int = 0
    entries: list[HaltEntry] = []


class HaltBook:
    """The symbols of one partition, and the rules by which messages change them.

    Args:
        rows: The states by symbol; changed in place.
        calendar: Trading days.
        counters: Where messages are counted that change nothing, by reason.
    """

    def __init__(self, rows: dict[str, SymbolHalts], calendar: MarketCalendar, counters: Counters) -> None:
        self._rows = rows
        self._calendar = calendar
        self._counters = counters

    def apply(
        self, messages: Iterable[tuple[Luld, bytes]], offset: int, received_ms: int | None
    ) -> list[HaltEntry]:
        """Apply the messages of one batch, each with its bytes, in arrival order.

        Args:
            messages: Those that the rows do not hold yet.
            offset: The batch's source offset: the stamp of the rows that it changes.
            received_ms: When it was received, ms since 1970 UTC; None where that is unknown.

        Returns:
            The halts and resumptions among them, in order.
        """
        entries: list[HaltEntry] = []
        for message, raw in messages:
            time_ms = message.t // _NS_IN_MS if message.t >= _LEAST_NS else message.t
            if received_ms is not None and time_ms > received_ms + FUTURE_TOLERANCE_MS:
                self._counters.add("events_ignored", reason="from_the_future")
                continue
            row = self._rows.get(message.sym)
            if row is None:
                row = self._rows[message.sym] = SymbolHalts(offset, time_ms, raw)
            row.offset = offset
            if time_ms >= row.t:
                row.t, row.raw = time_ms, raw
                row.upper = row.upper if message.h is None else message.h
                row.lower = row.lower if message.l is None else message.l
            entry = self._turn(row, message, time_ms)
            if entry is not None:
                entries.append(entry)
        return entries

    def _turn(self, row: SymbolHalts, message: Luld, time_ms: int) -> HaltEntry | None:
        indicators = message.i or ()
        is_halt, is_resume = HALT in indicators, RESUME in indicators
        if not (is_halt or is_resume):
            return None
        # Told again, or overtaken by what is known already.
        status = Status.HALTED if is_halt else Status.RESUMED
        if time_ms < row.changed_ms or status is row.status:
            self._counters.add("events_ignored", reason="halt_known")
            return None
        row.status, row.changed_ms = status, time_ms
        day_ms = self._calendar.day_at(time_ms).start_ms
        if day_ms != row.day_ms:
            row.day_ms, row.count = day_ms, 0
        if is_halt:
            row.halted_ms, row.resumed_ms = time_ms, None
            row.count += 1
        else:
            row.resumed_ms = time_ms
        entry = _entry(message.sym, row)
        row.entries = [*row.entries, entry][-MAX_ENTRIES:]
        return entry


def _entry(symbol: str, row: SymbolHalts) -> HaltEntry:
    return HaltEntry(
        symbol=symbol,
        status=row.status,
        timestamp=row.changed_ms / 1000,
        halted_at=row.halted_ms,
        resumed_at=row.resumed_ms,
        earliest_reopening=None if row.halted_ms is None else row.halted_ms + PAUSE_MS,
        upper_band=row.upper,
        lower_band=row.lower,
        halts_today=row.count,
        note=_note(row),
    )


def _note(row: SymbolHalts) -> str:
    if row.status is Status.HALTED:
        return "Trading halted" if row.count <= 1 else f"Trading halted, no. {row.count} today"
    if row.halted_ms is None or row.resumed_ms is None:
        return "Trading resumed"
    minutes, seconds = divmod((row.resumed_ms - row.halted_ms) // 1000, 60)
    return f"Trading resumed after {minutes}:{seconds:02d} min"
