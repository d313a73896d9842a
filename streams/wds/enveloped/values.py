"""Values as the options want them: fewer rows, fewer fields, every number as it was written."""

from __future__ import annotations

from itertools import islice
from typing import Final

import msgspec

from streams import deltas
from streams.deltas import Row
from streams.wds.enveloped.options import Options

_any: Final = msgspec.json.Decoder(msgspec.Raw)
_array: Final = msgspec.json.Decoder(list[msgspec.Raw])
_row: Final = msgspec.json.Decoder(Row)
_encode: Final = msgspec.json.Encoder().encode


def checked(payload: bytes) -> bytes:
    """Return a payload that is JSON in UTF-8, as it is.

    Raises:
        ValueError: It is not; in an envelope it would spoil the whole frame.
    """
    try:
        payload.decode()
        _any.decode(payload)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return payload


def shaped(payload: bytes, options: Options) -> bytes:
    """Return a value with the rows and fields that are wanted; a value without rows or fields stays as it is.

    Raises:
        ValueError: It is no JSON.
    """
    checked(payload)
    if not options.limit and not options.fields:
        return payload
    start = payload.lstrip()[:1]
    if start == b"[":
        entries = _array.decode(payload)[: options.limit or None]
        return b"[" + b",".join(picked(bytes(entry), options.fields) for entry in entries) + b"]"
    return picked(payload, options.fields)


def picked(entry: bytes, fields: tuple[str, ...]) -> bytes:
    """Return a JSON object with some of its fields, in its own order; what is no object stays as it is."""
    if not fields or entry.lstrip()[:1] != b"{":
        return entry
    wanted = frozenset(fields)
    return _encode({name: value for name, value in _row.decode(entry).items() if name in wanted})


def board(payload: bytes, options: Options) -> dict[str, Row] | None:
    """Return a board's rows by symbol, best first, those that are wanted, with the symbol and what is wanted.

    Returns:
        None where the value cannot be told in rows.

    Raises:
        ValueError: It is no JSON.
    """
    found = deltas.rows(checked(payload))
    if found is not None and options.limit:
        found = dict(islice(found.items(), options.limit))
    if found is None or not options.fields:
        return found
    wanted = frozenset(options.fields) | {deltas.SYMBOL}
    return {
        symbol: {name: value for name, value in row.items() if name in wanted}
        for symbol, row in found.items()
    }
