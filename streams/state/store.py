"""A Faust table whose rows are written a partition at a time, and its RocksDB store.

Faust declares the changelog topic, assigns its partitions beside the source's and recovers RocksDB from it;
writing is the write-behind table's own business.

A worker that was asleep for longer than its session, or cut off, may still write rows to the changelog after
another has taken over its partitions: nothing fences it. Such rows are true, but old. So not the last row of
a key counts but the one with the newest stamp, in RocksDB as in recovery.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, cast

import faust
import msgspec
import rocksdict
from faust.stores import rocksdb
from faust.types import TP, EventT

from streams.writer import Written

ROCKSDB_OPTIONS: Final = {
    # Faust's defaults (2 GiB of cache, 3 × 64 MiB of write buffers) are for one big database; a worker
    # has one per table and partition, read whole once and then only written.
    "block_cache_size": 1 << 20,
    "write_buffer_size": 2 << 20,
    "max_write_buffer_number": 2,
    "target_file_size_base": 8 << 20,
    "max_open_files": 64,
    "driver": "rocksdict",
}


NOTHING: Final = -1
"""Before the first offset of a changelog."""


class _Stamped(msgspec.Struct):
    offset: int


_stamped: Final = msgspec.msgpack.Decoder(_Stamped).decode


class PartitionStore(rocksdb.Store):
    """RocksDB, a database a partition, written and read a partition at a time."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  Faust's own
        super().__init__(*args, **options)
        self._overtaken: defaultdict[int, set[bytes]] = defaultdict(set)
        self._ends: dict[int, int] = {}

    def write(self, tp: TP, rows: Sequence[tuple[bytes, bytes]], written: Written) -> bool:
        """Write rows that lie in the changelog, all or nothing.

        The changelog offset that RocksDB has reached advances with them unless there are others' records
        before or between them: then the next recovery reads those.

        Returns:
            Whether there were no such records since the last write.

        Raises:
            Exception: RocksDB cannot write, as when the disk is full (rocksdict has no class of its own). The
                next write opens the database anew, without which RocksDB would refuse for ever.
        """
        partition = tp.partition
        reached = self._reached(tp)
        is_dense = written.last - written.first + 1 == len(rows)
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in rows:
            batch.put(key, value)
        if is_dense and written.first == reached + 1:
            batch.put(self.offset_key, b"%d" % written.last)
        try:
            self._db_for_partition(partition).write(batch)
        except Exception:  # rocksdict raises no class of its own; every failure makes the handle useless
            self._dbs.pop(partition, None)
            # A database is closed, and its lock given up, once nothing refers to it.
            gc.collect()
            raise
        expected = self._ends.get(partition, reached + 1)
        self._ends[partition] = written.last + 1
        return is_dense and written.first == expected

    def read(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Return all rows of a partition."""
        self._ends.pop(partition, None)
        for key, value in self._db_for_partition(partition).items():
            if key != self.offset_key:
                yield key, value

    def take_overtaken(self, partition: int) -> set[bytes]:
        """Return the keys whose last row in the changelog, as recovered, is not their newest."""
        return self._overtaken.pop(partition, set())

    def apply_changelog_batch(
        self, batch: Iterable[EventT[Any]], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]
    ) -> None:
        """Take recovered rows, except where a newer one of the key is there already.

        Args:
            batch: Events of the changelog. In a rebalance Faust may pass those of other topics, too.
            to_key: Not used: keys are bytes.
            to_value: Not used: values are bytes.
        """
        by_tp: defaultdict[TP, list[EventT[Any]]] = defaultdict(list)
        for event in batch:
            if event.message.topic == self.table.changelog_topic_name:  # type: ignore[attr-defined]  # it is a Table
                by_tp[event.message.tp].append(event)
        for tp, events in by_tp.items():
            self._apply(tp, events)

    def _apply(self, tp: TP, events: list[EventT[Any]]) -> None:
        database, overtaken = self._db_for_partition(tp.partition), self._overtaken[tp.partition]
        newest: dict[bytes, bytes] = {}
        for event in events:
            key, value = cast(bytes, event.message.key), cast(bytes, event.message.value)
            known = newest.get(key) or database.get(key)
            if known is not None and _stamped(value).offset < _stamped(known).offset:
                overtaken.add(key)
            else:
                newest[key] = value
                overtaken.discard(key)
        rows = rocksdict.WriteBatch(raw_mode=True)
        for key, value in newest.items():
            rows.put(key, value)
        reached = max(self._reached(tp), *(event.message.offset for event in events))
        rows.put(self.offset_key, b"%d" % reached)
        database.write(rows)

    def _reached(self, tp: TP) -> int:
        reached = self.persisted_offset(tp)
        return NOTHING if reached is None else reached


class PartitionTable(faust.Table[str, bytes]):
    """A Faust table over a `PartitionStore`."""

    def _new_store(self) -> PartitionStore:
        return PartitionStore(
            "rocksdb://",
            self.app,
            self,
            table_name=self.name,
            key_type=self.key_type,
            key_serializer=self.key_serializer,
            value_serializer=self.value_serializer,
            value_type=self.value_type,
            loop=self.loop,
            options=dict(ROCKSDB_OPTIONS),
        )


def partition_table(app: faust.App, name: str, partitions: int) -> PartitionTable:
    """Declare a table of ``partitions`` partitions; its changelog is compacted, never deleted by time."""
    table = PartitionTable(
        app,
        name=name,
        key_type=bytes,
        value_type=bytes,
        partitions=partitions,
    )
    app.tables.add(table)
    return table
