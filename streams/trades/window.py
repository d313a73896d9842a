"""A symbol's window: its newest trades, and what they say together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np

from streams.trades.block import BLOCK_BYTES, ENTRY, WINDOW, Block, LastTrade, key_of

IDLE_MS: Final = 5 * 60_000
"""After this time without a trade a window is forgotten."""
NOTHING: Final = -1

_ENTRIES: Final = np.dtype([("t", "<i8"), ("size", "<f8")])


class Stats(msgspec.Struct, gc=False):
    """What a window's trades say together: the value of a top trades feed.

    Attributes:
        total_volume: Shares.
        trade_count: Trades, up to 1,000.
        avg_size, max_size: Shares a trade; the average with 2 decimals.
        time_span_ms: From the oldest to the newest trade.
        latest_price, latest_timestamp, latest_exchange: The last trade by the rules of the tape: dollars, ms
            since 1970 UTC, the vendor's number.
    """

    total_volume: float
    trade_count: int
    avg_size: float
    max_size: float
    time_span_ms: int
    latest_price: float
    latest_timestamp: int
    latest_exchange: int | None


class Window:
    """The newest trades of one symbol.

    Args:
        symbol: Whose.
        blocks: Its blocks as recovered, oldest first, without a gap.

    Attributes:
        offset, taken: The source position that it includes, as of `Block`.
        newest_ms: Time of its newest trade, ms since 1970 UTC.
        last: The symbol's last trade.
    """

    __slots__ = ("_blocks", "_open", "_since", "last", "newest_ms", "offset", "symbol", "taken")

    def __init__(self, symbol: str, blocks: Iterable[Block] = ()) -> None:
        self.symbol = symbol
        self.offset = NOTHING
        self.taken = 0
        self.newest_ms = 0
        self.last: LastTrade | None = None
        self._blocks = deque(blocks)
        self._since = 0
        self._open: Block | None = None
        if self._blocks:
            self._open = newest = self._blocks[-1]
            self.offset, self.taken, self.newest_ms = newest.offset, newest.taken, newest.newest_ms
            self._since, self.last = newest.since, newest.last

    @property
    def count(self) -> int:
        """How many trades there have been."""
        return 0 if self._open is None else self._open.first + self._open.count

    def add(self, time_ms: int, size: float, rows: dict[str, Block], last: LastTrade) -> None:
        """Add a trade; the caller has set ``offset`` and ``taken`` to its position.

        Args:
            time_ms: Its time.
            size: Its shares.
            rows: The table's rows, into which a new block goes.
            last: The symbol's last trade, this one included.
        """
        block = self._open
        if block is None or len(block.data) == BLOCK_BYTES:
            block = self._new_block(rows, last)
        if time_ms - self.newest_ms >= IDLE_MS:
            self._since = block.first + block.count
        self.newest_ms = max(self.newest_ms, time_ms)
        block.data += ENTRY.pack(time_ms, size)
        self._stamp(block, last)

    def note(self, rows: dict[str, Block], last: LastTrade) -> None:
        """Note a trade that has no shares to count."""
        self._stamp(self._open or self._new_block(rows, last), last)

    def is_idle(self, clock_ms: int) -> bool:
        """Tell whether the window is forgotten at an event time (ms since 1970 UTC)."""
        return clock_ms - self.newest_ms >= IDLE_MS

    def stats(self) -> Stats | None:
        """Return what the window's trades say together, None where none has counted."""
        blocks, last = self._blocks, self.last
        start = max(self._since, self.count - WINDOW)
        while len(blocks) > 1 and blocks[1].first <= start:
            blocks.popleft()
        if last is None or self.count == start:
            return None
        entries = np.frombuffer(b"".join([block.data for block in blocks]), _ENTRIES)[
            start - blocks[0].first :
        ]
        times, sizes = entries["t"], entries["size"]
        total = round(float(sizes.sum()), 6)
        return Stats(
            total_volume=_whole(total),
            trade_count=len(entries),
            avg_size=round(total / len(entries), 2),
            max_size=_whole(float(sizes.max())),
            time_span_ms=int(times.max() - times.min()),
            latest_price=last.price,
            latest_timestamp=last.t,
            latest_exchange=last.exchange,
        )

    def _stamp(self, block: Block, last: LastTrade) -> None:
        block.offset, block.taken, block.since = self.offset, self.taken, self._since
        block.newest_ms = self.newest_ms
        block.last = self.last = last

    def _new_block(self, rows: dict[str, Block], last: LastTrade) -> Block:
        block = Block(self.offset, self.taken, self.count, self._since, self.newest_ms, last, bytearray())
        key = key_of(self.symbol, block.first)
        # Taken out first, so that a symbol's rows stand, and are written, in the order of their age.
        rows.pop(key, None)
        rows[key] = block
        self._blocks.append(block)
        self._open = block
        return block


def _whole(number: float) -> float:
    """Return an integer where ``number`` is whole, so that shares have no ``.0``."""
    return int(number) if number.is_integer() else number
