"""RocksDB on a disk that is full for a while: a limit on the size of files stands for it."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import faust
import pytest
from faust.types import TP

from streams.state.store import PartitionStore, partition_table
from streams.writer import Written


@pytest.fixture
def store(tmp_path: Path) -> PartitionStore:
    app = faust.App("disk", broker="kafka://", store="rocksdb://", datadir=tmp_path, autodiscover=False)
    store = partition_table(app, "rows", 1).data
    assert isinstance(store, PartitionStore)
    return store


@contextmanager
def full_disk() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_rows_are_taken_again_once_the_disk_has_room(store: PartitionStore) -> None:
    tp = TP("disk-rows-changelog", 0)
    store.write(tp, [(b"a", b"1")], Written(0, 0))
    with full_disk(), pytest.raises(Exception, match="File too large"):
        store.write(tp, [(b"b", b"2")], Written(1, 1))
    store.write(tp, [(b"b", b"2")], Written(2, 2))
    assert dict(store.read(0)) == {b"a": b"1", b"b": b"2"}
