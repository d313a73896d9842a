"""The rows of a partition as columns: hundreds of screeners look at arrays, each value is looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from streams.scanner.measures import NUMBERS, TEXTS
from streams.scanner.row import Row
from streams.sessions import Session

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

Number = TypeVar("Number", np.float64, np.int64)

Candidate = tuple[Row, Session, int]
"""A row, the session of its newest bar, and the start of its trading day, ms since 1970 UTC."""

_SESSIONS: Final = {session: code for code, session in enumerate(Session)}
UNKNOWN: Final = -1
"""Stands for a text that is not known; for a number it is not a number."""
FIRST_ROOM: Final = 64
"""Rows that a table begins with room for; it doubles as often as needed."""


class Columns:
    """Values of fields by place, a symbol's place being the same in all columns.

    Args:
        fields: Those that are kept, of NUMBERS and TEXTS; the others cost nothing.
    """

    def __init__(self, fields: Iterable[str]) -> None:
        self.symbols: list[str] = []
        self._places: dict[str, int] = {}
        wanted = set(fields)
        self._numbers = {name: np.full(FIRST_ROOM, np.nan) for name in NUMBERS if name in wanted}
        self._texts = {name: np.full(FIRST_ROOM, UNKNOWN, np.int64) for name in TEXTS if name in wanted}
        self._codes: dict[str, dict[str, int]] = {name: {} for name in self._texts}
        self._sessions = np.full(FIRST_ROOM, UNKNOWN, np.int64)
        self._days = np.zeros(FIRST_ROOM, np.int64)

    def put(self, rows: Sequence[Candidate]) -> None:
        """Put rows in the place of those that their symbols had."""
        places = np.array([self._place(row.symbol) for row, _, _ in rows], np.intp)
        self._make_room()
        for name, column in self._numbers.items():
            measure = NUMBERS[name]
            # What is None becomes not a number: no comparison holds for it.
            column[places] = np.array([measure(row) for row, _, _ in rows], np.float64)
        for name, codes_of_rows in self._texts.items():
            text, codes = TEXTS[name], self._codes[name]
            codes_of_rows[places] = [
                UNKNOWN if (said := text(row)) is None else codes.setdefault(said, len(codes))
                for row, _, _ in rows
            ]
        self._sessions[places] = [_SESSIONS[session] for _, session, _ in rows]
        self._days[places] = [day_ms for _, _, day_ms in rows]

    def number(self, name: str) -> Floats:
        """Return a field's values, not a number where they are unknown."""
        return self._numbers[name][: len(self.symbols)]

    def is_known(self, name: str) -> Mask:
        """Return where a text is known."""
        known: Mask = self._texts[name][: len(self.symbols)] != UNKNOWN
        return known

    def is_text(self, name: str, values: Iterable[str]) -> Mask:
        """Return where a text is one of ``values``."""
        codes = self._codes[name]
        return _is_any(
            self._texts[name][: len(self.symbols)], [codes[value] for value in values if value in codes]
        )

    def is_session(self, sessions: Iterable[Session]) -> Mask:
        """Return which rows' newest bars lie in one of ``sessions``."""
        return _is_any(self._sessions[: len(self.symbols)], [_SESSIONS[session] for session in sessions])

    @property
    def days(self) -> Ints:
        """When the trading day of each row began, ms since 1970 UTC."""
        return self._days[: len(self.symbols)]

    def _place(self, symbol: str) -> int:
        place = self._places.get(symbol)
        if place is None:
            place = self._places[symbol] = len(self.symbols)
            self.symbols.append(symbol)
        return place

    def _make_room(self) -> None:
        room = len(self._days)
        while room < len(self.symbols):
            room *= 2
        if room == len(self._days):
            return
        self._numbers = {name: _resized(column, room) for name, column in self._numbers.items()}
        self._texts = {name: _resized(column, room) for name, column in self._texts.items()}
        self._sessions = _resized(self._sessions, room)
        self._days = _resized(self._days, room)


def _resized(column: npt.NDArray[Number], room: int) -> npt.NDArray[Number]:
    larger: npt.NDArray[Number] = np.zeros(room, column.dtype)
    larger[: len(column)] = column
    return larger


def _is_any(codes: Ints, wanted: Sequence[int]) -> Mask:
    # One comparison is much cheaper than the search among many.
    return codes == wanted[0] if len(wanted) == 1 else np.isin(codes, wanted)
