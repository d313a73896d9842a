"""What changed between two values of a board, and the board that a client makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

SYMBOL: Final = "symbol"
"""The field that a board's rows are told apart by; every row has it."""

Row = dict[str, msgspec.Raw]
"""A JSON object, its values unread: numbers stay as they were written."""


class Delta(msgspec.Struct, omit_defaults=True):
    """How a board becomes the next one, in the order in which it is applied.

    Attributes:
        removed: Symbols whose row goes.
        changed: Of rows that stay the symbol and the changed fields; of others the whole row.
        order: All symbols, best first, where they are not the same in the same order as before.
    """

    removed: list[str] = []
    changed: list[Row] = []
    order: list[str] = []


_delta: Final = msgspec.json.Decoder(Delta)
_rows: Final = msgspec.json.Decoder(list[Row])
_symbol: Final = msgspec.json.Decoder(str)
_encode: Final = msgspec.json.Encoder().encode


def rows(payload: bytes) -> dict[str, Row] | None:
    """Return a board's rows by symbol, best first.

    Returns:
        None where the value cannot be told in rows: no array of objects, each with a symbol of its own.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        found = _rows.decode(payload)
        by_symbol = {_symbol.decode(row[SYMBOL]): row for row in found}
    except (msgspec.ValidationError, KeyError):
        return None
    return by_symbol if len(by_symbol) == len(found) else None


def encoded(board: Mapping[str, Row]) -> bytes:
    """Return a board's JSON, an array."""
    return _encode(list(board.values()))


def difference(before: Mapping[str, Row], after: Mapping[str, Row]) -> Delta:
    """Return what makes ``after`` of ``before``; rows by symbol, best first."""
    # Hot: runs once for each published board.
    delta = Delta(removed=[symbol for symbol in before if symbol not in after])
    removed, changed = delta.removed, delta.changed
    for symbol, row in after.items():
        old = before.get(symbol)
        if old is None:
            changed.append(row)
        elif list(old) != list(row):
            # Other fields, or in another order: merging would not give this row.
            removed.append(symbol)
            changed.append(row)
        elif old != row:
            changed.append(_changes(old, row))
    if list(before) != list(after):
        delta.order = list(after)
    return delta


def is_empty(delta: Delta) -> bool:
    """Tell whether nothing has changed."""
    return not (delta.removed or delta.changed or delta.order)


def apply(board: dict[str, Row], data: bytes) -> dict[str, Row]:
    """Return the board after a delta.

    Args:
        board: Rows by symbol, best first; not changed.
        data: The delta's JSON.

    Raises:
        ValueError: The delta does not belong to this board.
    """
    delta = _delta.decode(data)
    after = dict(board)
    for symbol in delta.removed:
        if after.pop(symbol, None) is None:
            raise ValueError(f"a row is removed that is not there: {symbol}")
    for part in delta.changed:
        symbol = _symbol.decode(part[SYMBOL])
        old = after.get(symbol)
        # Copied, so that a row does not keep all the messages that its fields came with.
        own = {name: value.copy() for name, value in part.items()}
        after[symbol] = own if old is None else {**old, **own}
    order = delta.order or (list(board) if after else [])
    if len(order) != len(after):
        raise ValueError("a delta's order does not name every row")
    try:
        return {symbol: after[symbol] for symbol in order}
    except KeyError as missing:
        raise ValueError(f"a delta names a row that is not there: {missing.args[0]}") from None


def encode(delta: Delta) -> bytes:
    """Return the delta's JSON."""
    return _encode(delta)


def _changes(old: Row, row: Row) -> Row:
    return {name: value for name, value in row.items() if name == SYMBOL or value != old[name]}
