"""A Faust table whose rows are written a partition at a time, and its RocksDB store.

Faust declares the changelog topic, assigns its partitions beside the source's and recovers RocksDB from it;
writing is the write-behind table's own business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import faust
import rocksdict
from faust.stores import rocksdb
from faust.types import TP

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


class PartitionStore(rocksdb.Store):
    """RocksDB, a database a partition, written and read a partition at a time."""

    def write(self, tp: TP, rows: Iterable[tuple[bytes, bytes]], changelog_offset: int) -> None:
        """Write rows and the changelog offset that they reach, all or nothing.

        Raises:
            Exception: RocksDB cannot write, as when the disk is full (rocksdict has no class of its own).
        """
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in rows:
            batch.put(key, value)
        batch.put(self.offset_key, b"%d" % changelog_offset)
        self._db_for_partition(tp.partition).write(batch)

    def read(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Return all rows of a partition."""
        for key, value in self._db_for_partition(partition).items():
            if key != self.offset_key:
                yield key, value


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
