"""A partition's table without a broker: what of it is durable, and what a crash takes."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from streams.state.partition import Partition, Row
from streams.telemetry import Counters

R = TypeVar("R", bound=Row)


class Event:
    """An event that nobody waits for."""

    def ack(self) -> bool:
        return True


class CrashingPartition(Generic[R]):
    """A partition and what its worker has written of it; the worker may crash at any time.

    Args:
        row: The rows' type.
    """

    def __init__(self, row: type[R]) -> None:
        self.table: dict[bytes, bytes] = {}
        self.committed = 0
        self.counters = Counters()
        self._decode = msgspec.msgpack.Decoder(row).decode
        self.start()

    def start(self) -> dict[str, R]:
        """Recover, as after a crash: RocksDB returns rows in the order of their keys."""
        rows = {key.decode(): self._decode(value) for key, value in sorted(self.table.items())}
        self.partition = Partition[R](0, rows)
        return rows

    def flush(self, rows: int | None = None) -> None:
        """Write behind; ``rows`` says how many reach the table before a crash, None for all."""
        begun = self.partition.begin_flush()
        if begun is None:
            return
        unsafe = list(self.partition.unsafe())
        self.table.update((key.encode(), msgspec.msgpack.encode(row)) for key, row in unsafe[:rows])
        if rows is None or rows >= len(unsafe):
            self.partition.end_flush(begun)
            self.committed = begun.through + 1
