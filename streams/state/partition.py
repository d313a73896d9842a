"""The rows of one partition, in memory, with the source offsets that they include."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar


class Row(Protocol):
    """A row of a write-behind table.

    Attributes:
        offset: The row's stamp: the newest source offset whose batch it includes.
    """

    offset: int


class Acknowledgeable(Protocol):
    """What is acknowledged once the rows that hold it are safe."""

    def ack(self) -> bool:
        """Let the source's committed offset pass this event."""


R = TypeVar("R", bound=Row)

NOTHING = -1
"""Before the first offset of a partition."""


class Flush(NamedTuple):
    """What one flush of a partition covers: its newest offset and the events to acknowledge."""

    through: int
    events: list[Acknowledgeable]


class Partition(Generic[R]):
    """One partition's rows by key, and how far they are applied and safe.

    Args:
        number: The partition, the same in the source and the table.
        rows: The rows as recovered, by key.
        overtaken: Keys whose last row in the changelog is an older one, so that they are to be written again.
    """

    def __init__(self, number: int, rows: dict[str, R], overtaken: Iterable[str] = ()) -> None:
        self.number = number
        self.rows = rows
        self.applied = NOTHING
        """Newest source offset taken since the rows were recovered."""
        self._recovered = max((row.offset for row in rows.values()), default=NOTHING)
        self._safe: int | None = None
        self._pending: deque[Acknowledgeable] = deque()
        self._overtaken = frozenset(overtaken)

    def take(self, offset: int, event: Acknowledgeable) -> bool:
        """Take note of a batch; return whether it is to be applied.

        It is not where it was taken before, as what was buffered before a rebalance is delivered again
        after it. Either way it is acknowledged by the flush that follows.
        """
        self._pending.append(event)
        if offset <= self.applied:
            return False
        if self._safe is None:
            # What was recovered came out of the changelog; only what follows can be unsafe.
            self._safe = offset - 1
        self.applied = offset
        return True

    @property
    def pending(self) -> int:
        """How many batches wait to be acknowledged."""
        return len(self._pending)

    def outlived(self, end: int) -> bool:
        """Tell whether a recovered row holds a batch that a source which ends before ``end`` cannot have."""
        return self._recovered >= end

    def replays(self, offset: int) -> bool:
        """Tell whether some recovered row may already hold the batch at ``offset``."""
        return offset <= self._recovered

    def holds(self, key: str, offset: int) -> bool:
        """Tell whether the row of ``key`` already holds the batch at ``offset``."""
        row = self.rows.get(key)
        return row is not None and row.offset >= offset

    def unsafe(self) -> Iterator[tuple[str, R]]:
        """Return the rows that changed since the newest finished flush, and those that were overtaken."""
        overtaken, safe = self._overtaken, self._safe
        if safe is None:
            return ((key, self.rows[key]) for key in overtaken)
        return ((key, row) for key, row in self.rows.items() if row.offset > safe or key in overtaken)

    def begin_flush(self) -> Flush | None:
        """Return what a flush that starts now covers, or None where there is nothing to do."""
        if not (self._pending or self._overtaken):
            return None
        return Flush(self.applied, list(self._pending))

    def end_flush(self, flush: Flush) -> None:
        """Note that a flush has reached its table, and acknowledge its batches."""
        if flush.through != NOTHING:
            self._safe = flush.through
        self._overtaken = frozenset()
        for event in flush.events:
            self._pending.popleft()
            event.ack()

    def rewrite(self) -> None:
        """Have the next flush write every row: older ones may lie behind them in the changelog."""
        self._overtaken = frozenset(self.rows)

    def abandon(self) -> None:
        """Acknowledge what is pending without a flush: the partition is another worker's now.

        Nothing is lost: the acknowledgements of a revoked partition are never committed.
        """
        for event in self._pending:
            event.ack()
        self._pending.clear()
