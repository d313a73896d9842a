"""Users' own screeners, as the control plane publishes them for the workers: all in one record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from streams.scanner.definition import make_screener
from streams.scanner.definition_faults import Faults
from streams.scanner.screener import Screener

KEY: Final = b"users"
"""The key of that record: compaction keeps the newest."""
_BOARD: Final = re.compile(r"user_[0-9]+_.*", re.DOTALL)
_SLUG: Final = 24
"""Most characters of a screener's name that its board's name repeats."""

Tables = Mapping[str, Mapping[str, Any]]
"""Definitions by their boards' names, as in a file of screeners."""


def board_of(owner: int, name: str) -> str:
    """Return the board of a user's screener: nobody else has one of that name, and no file.

    Args:
        owner: The user's number.
        name: What the user calls it; the board stays the same while it is called so.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower())[:_SLUG].strip("_")
    digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=4).hexdigest()
    return "_".join(part for part in ("user", str(owner), slug, digest) if part)


def is_users_board(board: str) -> bool:
    """Tell whether a board's name is one that `board_of` returns."""
    return _BOARD.fullmatch(board) is not None


def encode(tables: Tables) -> bytes:
    """Return the record."""
    return msgspec.json.encode(tables, order="sorted")


def decode(record: bytes, refused: list[str]) -> tuple[Screener, ...]:
    """Return the screeners of a record, by board; why one cannot be used goes to ``refused``.

    Raises:
        msgspec.DecodeError: It is no such record.
        UnicodeDecodeError: Likewise.
        RecursionError: Likewise.
    """
    tables = msgspec.json.decode(record, type=dict[str, Any])
    found = []
    for board, table in sorted(tables.items()):
        faults = Faults()
        screener = make_screener(board, table, faults)
        if not is_users_board(board):
            faults.add((board,), "no name of a user's board")
        if faults.found:
            refused.append(f"{board[:64]!r}: {faults.found[0][1]}")
        elif screener is not None:
            found.append(screener)
    return tuple(found)
