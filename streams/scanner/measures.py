"""What screeners filter and sort by: the numbers and texts of a row, and a few numbers made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import attrgetter
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

from streams.scanner.row import Row

Measure = Callable[[Row], float | None]
"""Returns a number of a row; None where it is not known."""


def _fields(*kinds: type) -> list[str]:
    """Return the names of the row's fields that hold nothing but ``kinds``, in order."""
    hints: dict[str, Any] = get_type_hints(Row)
    return [name for name, hint in hints.items() if set(get_args(hint) or (hint,)) <= {*kinds, NoneType}]


def _pct_gap(row: Row) -> float | None:
    opened, previous = row.official_open_price, row.prev_day_close
    return None if not opened or not previous else _finite((opened - previous) / previous * 100)


def _dollar_volume(row: Row) -> float | None:
    vwap = row.aggregate_vwap
    return None if vwap is None else _finite(row.accumulated_volume * vwap)


def _float_rotation(row: Row) -> float | None:
    return _finite(row.accumulated_volume / row.free_float) if row.free_float else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


NUMBERS: Final[dict[str, Measure]] = {
    "price": attrgetter("close"),
    "float": attrgetter("free_float"),
    **{name: attrgetter(name) for name in _fields(int, float)},
    # On the boards volume means the day's; a row's field of that name is the newest bar's.
    "volume": attrgetter("accumulated_volume"),
    "bar_volume": attrgetter("volume"),
    "pct_gap": _pct_gap,
    "dollar_volume": _dollar_volume,
    "float_rotation": _float_rotation,
}
"""Numbers by the name that definitions give them: those of a row's fields, and those of MEANINGS."""

MEANINGS: Final = {
    "price": "the last price, dollars (close)",
    "volume": "shares since 04:00 ET (accumulated_volume)",
    "bar_volume": "shares of the newest bar (volume)",
    "float": "shares that are freely traded (free_float)",
    "pct_gap": "the official open against the previous close, percent",
    "dollar_volume": "dollars since 04:00 ET, at the day's vwap",
    "float_rotation": "how often the float has changed hands since 04:00 ET",
}
"""What those numbers are that are no fields of a row, or not the field of that name."""

TEXTS: Final[dict[str, Callable[[Row], str | None]]] = {name: attrgetter(name) for name in _fields(str)}
"""Texts by name: the row's fields."""
