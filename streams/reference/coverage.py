"""How much of the market reference data covers, and whether that is enough: pure rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from heapq import nsmallest
from typing import Final, NamedTuple

import msgspec

from streams.reference.model import Reference

RANKED_BY: Final = ("prev_day_close", "avg_volume")
"""What boards cannot rank a symbol without: a symbol with these is complete."""
FIELDS: Final = (*RANKED_BY, "free_float", "security_type")
"""What is counted where it is unknown."""
COMPLETE_SHARE: Final = 0.95
"""Fewer symbols of a day that are complete are too few; so has observability/alerts.yaml it."""
CURRENT_SHARE: Final = 0.8
"""The same for symbols of any day that are known of the newest, too: the others may have been delisted."""
EXAMPLES: Final = 5


class State(StrEnum):
    """Whether the reference data of a day can be worked with."""

    ABSENT = "absent"
    OLD = "old"
    INCOMPLETE = "incomplete"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Lacking:
    """How many symbols a field is unknown of, and the first of them."""

    field: str
    count: int
    examples: tuple[str, ...]


class DayCount(NamedTuple):
    """Symbols whose newest data is of a trading day, which starts at ``day_ms``; and the complete ones."""

    day_ms: int
    symbols: int
    complete: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What md.reference holds.

    Attributes:
        days: The trading days that symbols have their newest data of, the newest first.
        loaded_ms: When the last of the newest day was written, ms since 1970 UTC; None where there is none.
        lacking: What is unknown of the newest day's symbols, field by field.
        rejected: Records that are no reference data.
    """

    days: tuple[DayCount, ...] = ()
    loaded_ms: int | None = None
    lacking: tuple[Lacking, ...] = tuple(Lacking(field, 0, ()) for field in FIELDS)
    rejected: int = 0

    @property
    def known(self) -> int:
        """Symbols with data of any day."""
        return sum(day.symbols for day in self.days)

    def current(self, due_ms: int) -> DayCount:
        """Count the symbols that have data of the day that starts at ``due_ms``, or of a later one."""
        days = [day for day in self.days if day.day_ms >= due_ms]
        return DayCount(due_ms, sum(day.symbols for day in days), sum(day.complete for day in days))

    def state(self, due_ms: int) -> State:
        """Return how it is where the data of the day that starts at ``due_ms`` must be there."""
        if not self.days:
            return State.ABSENT
        if self.days[0].day_ms < due_ms:
            return State.OLD
        current = self.current(due_ms)
        is_enough = is_of_most(current, self.known) and current.complete >= COMPLETE_SHARE * current.symbols
        return State.COMPLETE if is_enough else State.INCOMPLETE


def is_of_most(current: DayCount, known: int) -> bool:
    """Tell whether most of the symbols that are known have current data."""
    return current.symbols >= CURRENT_SHARE * known


class _Entry(NamedTuple):
    day_ms: int
    written_ms: int
    unknown: tuple[str, ...]


class Tally:
    """Counts the records of md.reference, in the order in which they were written."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._rejected = 0

    def take(self, key: bytes | None, value: bytes | None, written_ms: int) -> None:
        """Take a record; one without a value deletes its symbol. ``written_ms``: ms since 1970 UTC."""
        if value is None:
            self._entries.pop((key or b"").decode(errors="replace"), None)
            return
        try:
            reference = msgspec.json.decode(value, type=Reference)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._rejected += 1
            return
        known = self._entries.get(reference.symbol)
        # As the workers have it: data of an earlier day that comes late takes the place of nothing.
        if known is None or reference.day_ms >= known.day_ms:
            self._entries[reference.symbol] = _Entry(reference.day_ms, written_ms, unknown(reference))

    def coverage(self) -> Coverage:
        """Return what has been taken so far."""
        days: defaultdict[int, list[bool]] = defaultdict(list)
        for entry in self._entries.values():
            days[entry.day_ms].append(not set(RANKED_BY) & set(entry.unknown))
        newest_ms = max(days, default=None)
        newest = {symbol: entry for symbol, entry in self._entries.items() if entry.day_ms == newest_ms}
        return Coverage(
            tuple(DayCount(day_ms, len(days[day_ms]), sum(days[day_ms])) for day_ms in sorted(days)[::-1]),
            max((entry.written_ms for entry in newest.values()), default=None),
            tuple(_lacking(field, newest) for field in FIELDS),
            self._rejected,
        )


def unknown(reference: Reference) -> tuple[str, ...]:
    """Return which of the fields that are counted are unknown."""
    return tuple(field for field in FIELDS if getattr(reference, field) is None)


def is_complete(reference: Reference) -> bool:
    """Tell whether all is known that boards rank by."""
    return all(getattr(reference, field) is not None for field in RANKED_BY)


def _lacking(field: str, entries: dict[str, _Entry]) -> Lacking:
    symbols = [symbol for symbol, entry in entries.items() if field in entry.unknown]
    return Lacking(field, len(symbols), tuple(nsmallest(EXAMPLES, symbols)))
