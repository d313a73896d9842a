"""Blocks of trades: the pieces of a symbol's window, each a row of the table.

A window holds 1,000 trades. Written whole each second it would cost 100 MB/s at 5,000 busy symbols. So it is
cut into blocks of 64: full ones do not change any more, and a second's flush writes the open one. Its rows
lie in a ring of slots, so that a symbol has no more than `SLOTS` of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

import msgspec

WINDOW: Final = 1_000
"""Trades of a window."""
BLOCK_TRADES: Final = 64
SLOTS: Final = 17
"""Blocks of a symbol that are kept: a window touches up to 17."""

ENTRY: Final = struct.Struct("<qd")
"""One trade in a block: its time (ms), its size (shares)."""
BLOCK_BYTES: Final = BLOCK_TRADES * ENTRY.size


class LastTrade(msgspec.Struct, gc=False):
    """The trade that stands for a symbol's price.

    Attributes:
        day_ms: Start of its trading day, ms since 1970 UTC.
        t: Its time, ms.
        price: Dollars.
        exchange: The vendor's number.
        qualified: Whether its conditions let it set the last price; False for a stopgap until one does.
        raw: The vendor's event, bytes unchanged.
    """

    day_ms: int
    t: int
    price: float
    exchange: int | None
    qualified: bool
    raw: bytes


class Block(msgspec.Struct, gc=False, tag_field="v", tag=1):
    """Consecutive trades of one symbol, and how the symbol stood after the newest of them.

    Attributes:
        offset: The newest source offset that it includes.
        taken: How many of the symbol's trades in the batch at that offset it includes: a batch may end one
            block and begin the next, and only one of them may have been written before a crash.
        first: Number of its first trade among all of the symbol's, from 0; a multiple of `BLOCK_TRADES`.
        since: Number of the first trade of the window, where that is shorter than `WINDOW`.
        newest_ms: Time of the symbol's newest trade.
        last: The symbol's last trade.
        data: The trades, `ENTRY` by `ENTRY`.
    """

    offset: int
    taken: int
    first: int
    since: int
    newest_ms: int
    last: LastTrade
    data: bytearray

    @property
    def count(self) -> int:
        """How many trades it holds."""
        return len(self.data) // ENTRY.size


def key_of(symbol: str, first: int) -> str:
    """Return the table's key of the block whose first trade has the number ``first``."""
    return f"{symbol} {first // BLOCK_TRADES % SLOTS}"


def symbol_of(key: str) -> str:
    """Return the symbol of a table's key."""
    return key.rpartition(" ")[0]


def unbroken(blocks: Iterable[Block]) -> list[Block]:
    """Return one symbol's blocks, oldest first, up to the first that does not follow the one before.

    A worker that was cut off may leave a newer block behind an older state of the one before. What comes
    after the gap is read from the source again.
    """
    ordered = sorted(blocks, key=lambda block: block.first)
    for position, (block, following) in enumerate(zip(ordered, ordered[1:], strict=False), 1):
        if following.first != block.first + block.count or block.count < BLOCK_TRADES:
            return ordered[:position]
    return ordered
