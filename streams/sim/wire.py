"""The vendor's JSON for many events at once, written by numpy.

A row is a fixed-width record of bytes: the JSON of one event with room for its longest values, unused room
filled with NUL. Frames are cut from the rows and lose their NULs in one pass. That is ten times as fast as
formatting event by event (benchmarks/tape.py).

Numbers come three digits at a time from tables of four bytes, so that writing one is a copy of 32 bits.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from streams.sim.market import UNITS, Ints
from streams.sim.symbols import MAX_TICKER

Rows = npt.NDArray[Any]
"""One record an event, of one of the dtypes below."""
Bytes = npt.NDArray[np.uint8]

_THOUSAND: Final = 1_000
_BLANK: Final = 2 * _THOUSAND


def _packed(texts: list[str]) -> npt.NDArray[np.uint32]:
    return np.frombuffer(b"".join(text.encode().ljust(4, b"\0") for text in texts), np.uint32)


_DIGITS: Final = _packed(
    [str(number) for number in range(_THOUSAND)] + [f"{number:03d}" for number in range(_THOUSAND)] + [""]
)
"""Three digits without leading zeros, then with them, then none."""
_FRACTION: Final = _packed([f"{number:04d}".rstrip("0") or "0" for number in range(UNITS)])
"""The decimals of a price."""

NO_CONDITIONS: Final = 0
CONDITIONS: Final = np.array([b"", b'"c":[37],', b'"c":[14,41],', b'"c":[12],', b'"c":[12,37],'], "S12")
"""Sets of trade conditions: none, odd lot, intermarket sweep, form T, form T odd lot."""
ODD_LOT: Final = 1
SWEEP: Final = 2
FORM_T: Final = 3
FORM_T_ODD_LOT: Final = 4
_OPEN_PRICE: Final = b'"op":'


def symbol_fields(symbols: list[str]) -> npt.NDArray[np.uint64]:
    """Return what the field ``sym`` holds for each of ``symbols``, which are ASCII of up to 8 characters."""
    return np.array([symbol.encode("ascii") for symbol in symbols], f"S{MAX_TICKER}").view(np.uint64)


class Layout:
    """The bytes of one kind of row: fixed text with fields in between.

    Args:
        parts: Fixed text as bytes; a field as its name and numpy dtype.
    """

    def __init__(self, *parts: bytes | tuple[str, str]) -> None:
        fields: list[tuple[str, str]] = []
        fixed: list[tuple[str, bytes]] = []
        for part in parts:
            if isinstance(part, bytes):
                name = f"_{len(fields)}"
                fixed.append((name, part))
                fields.append((name, f"S{len(part)}"))
            else:
                fields.append(part)
        self.dtype = np.dtype(fields)
        self._template = np.zeros(1, self.dtype)
        for name, text in fixed:
            self._template[name] = text

    def rows(self, count: int) -> Rows:
        """Return ``count`` rows that hold the fixed text."""
        return np.repeat(self._template, count)


def _number(name: str, groups: int) -> list[tuple[str, str]]:
    return [(f"{name}{group}", "u4") for group in range(groups)]


def _price(name: str) -> list[bytes | tuple[str, str]]:
    return [*_number(name, 2), b".", (f"{name}f", "u4")]


_SYMBOL: Final = ("sym", "u8")
_TIME: Final = [("second", "S10"), ("ms", "u4")]

TRADE: Final = Layout(
    b'{"ev":"T","sym":"', _SYMBOL, b'","x":', ("x", "u4"), b',"i":"', *_number("i", 4), b'","z":',
    ("z", "S1"), b',"p":', *_price("p"), b',"s":', *_number("s", 2), b",", ("c", "S12"), b'"t":', *_TIME,
    b',"q":', *_number("q", 4), b"},",
)  # fmt: skip
QUOTE: Final = Layout(
    b'{"ev":"Q","sym":"', _SYMBOL, b'","bx":', ("bx", "u4"), b',"bp":', *_price("bp"), b',"bs":',
    *_number("bs", 2), b',"ax":', ("ax", "u4"), b',"ap":', *_price("ap"), b',"as":', *_number("as", 2),
    b',"c":0,"t":', *_TIME, b',"q":', *_number("q", 4), b',"z":', ("z", "S1"), b"},",
)  # fmt: skip
_BAR: Final[tuple[bytes | tuple[str, str], ...]] = (
    _SYMBOL, b'","v":', *_number("v", 3), b',"av":', *_number("av", 4), b",", ("opkey", "S5"),
    *_number("op", 2), ("opdot", "S1"), ("opf", "u4"), ("opend", "S1"), b'"vw":', *_price("vw"), b',"o":',
    *_price("o"), b',"c":', *_price("c"), b',"h":', *_price("h"), b',"l":', *_price("l"), b',"a":',
    *_price("a"), b',"z":', *_number("z", 3), b',"s":', ("s", "S13"), b',"e":', ("e", "S13"), b"},",
)  # fmt: skip
BAR: Final = Layout(b'{"ev":"A","sym":"', *_BAR)
MINUTE_BAR: Final = Layout(b'{"ev":"AM","sym":"', *_BAR)
LULD: Final = Layout(
    b'{"ev":"LULD","T":"', _SYMBOL, b'","h":', *_price("h"), b',"l":', *_price("l"), b',"i":[', ("i", "u4"),
    b'],"z":', ("z", "S1"), b',"t":', ("second", "S10"), *_number("ns", 3), b',"q":', *_number("q", 4), b"},",
)  # fmt: skip
WIDTH: Final = max(layout.dtype.itemsize for layout in (TRADE, QUOTE, BAR, MINUTE_BAR, LULD))
"""Bytes of the widest row."""


def put_number(rows: Rows, name: str, values: Ints, groups: int) -> None:
    """Write whole numbers of up to ``3 * groups`` digits into the field ``name``."""
    rest = values
    for group in range(groups - 1, -1, -1):
        higher = rest // _THOUSAND
        digits = rest - higher * _THOUSAND
        digits += np.where(higher > 0, _THOUSAND, 0)
        if group < groups - 1:
            digits[rest == 0] = _BLANK
        rows[f"{name}{group}"] = _DIGITS[digits]
        rest = higher


def put_small(rows: Rows, name: str, values: npt.NDArray[Any]) -> None:
    """Write whole numbers below 1,000 into the field ``name``."""
    rows[name] = _DIGITS[values]


def put_padded(rows: Rows, name: str, values: npt.NDArray[Any]) -> None:
    """Write whole numbers below 1,000 as three digits each into the field ``name``."""
    rows[name] = _DIGITS[_THOUSAND + values]


def put_price(rows: Rows, name: str, units: Ints) -> None:
    """Write prices (units) as dollars into the field ``name``."""
    dollars = units // UNITS
    put_number(rows, name, dollars, 2)
    rows[f"{name}f"] = _FRACTION[units - dollars * UNITS]


def put_open_price(rows: Rows, units: Ints) -> None:
    """Write official opening prices (units) into bars; where there is none (0), no field either."""
    put_price(rows, "op", units)
    known = units > 0
    rows["opkey"] = np.where(known, _OPEN_PRICE, b"")
    rows["opdot"] = np.where(known, b".", b"")
    rows["opend"] = np.where(known, b",", b"")
    for name in ("op0", "op1", "opf"):
        rows[name][~known] = 0


def frame_text(rows: Bytes) -> bytes:
    """Return the JSON array of the events in ``rows`` (uint8, one event a row, NUL padded)."""
    return b"[" + rows.tobytes().translate(None, b"\0")[:-1] + b"]"
