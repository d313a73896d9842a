"""Offset stamps: what is applied once, flushed once and acknowledged once."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.state.partition import Partition


class Count(msgspec.Struct):
    offset: int
    count: int = 0


@dataclass
class Event:
    acknowledged: int = 0

    def ack(self) -> bool:
        self.acknowledged += 1
        return True


def count(partition: Partition[Count], offset: int, *keys: str) -> Event:
    """Apply a batch of one event a key as an agent does."""
    event = Event()
    if partition.take(offset, event):
        fresh = [key for key in keys if not partition.holds(key, offset)]
        for key in fresh:
            row = partition.rows.setdefault(key, Count(offset))
            row.count += 1
            row.offset = offset
    return event


def flush(partition: Partition[Count]) -> dict[str, Count]:
    """Flush as the table does; return what was written."""
    begun = partition.begin_flush()
    assert begun is not None
    written = {key: Count(row.offset, row.count) for key, row in partition.unsafe()}
    partition.end_flush(begun)
    return written


def test_a_batch_is_acknowledged_by_the_flush_that_holds_it() -> None:
    partition = Partition[Count](0, {})
    event = count(partition, 7, "A")
    assert event.acknowledged == 0
    assert flush(partition) == {"A": Count(7, 1)}
    assert event.acknowledged == 1


def test_a_batch_that_came_during_a_flush_waits_for_the_next() -> None:
    partition = Partition[Count](0, {})
    count(partition, 1, "A")
    begun = partition.begin_flush()
    assert begun is not None
    late = count(partition, 2, "B")
    partition.end_flush(begun)
    assert late.acknowledged == 0
    assert flush(partition) == {"B": Count(2, 1)}
    assert late.acknowledged == 1


def test_a_batch_delivered_again_is_acknowledged_but_not_applied() -> None:
    partition = Partition[Count](0, {})
    count(partition, 1, "A")
    again = count(partition, 1, "A")
    assert partition.rows["A"].count == 1
    flush(partition)
    assert again.acknowledged == 1


def test_a_recovered_row_skips_the_batches_that_it_holds() -> None:
    partition = Partition[Count](0, {"A": Count(5, 3)})
    assert partition.replays(5)
    assert not partition.replays(6)
    count(partition, 4, "A", "B")
    count(partition, 6, "A")
    assert partition.rows == {"A": Count(6, 4), "B": Count(4, 1)}


def test_only_changed_rows_are_written() -> None:
    partition = Partition[Count](0, {"A": Count(5, 3)})
    count(partition, 6, "B")
    assert flush(partition) == {"B": Count(6, 1)}


def test_an_abandoned_partition_leaves_nothing_unacknowledged() -> None:
    partition = Partition[Count](0, {})
    event = count(partition, 1, "A")
    partition.abandon()
    assert (event.acknowledged, partition.pending) == (1, 0)


def test_an_overtaken_row_is_written_again_without_an_event() -> None:
    partition = Partition[Count](0, {"A": Count(5, 3), "B": Count(5, 1)}, overtaken=["A"])
    assert flush(partition) == {"A": Count(5, 3)}
    assert partition.begin_flush() is None
    count(partition, 6, "B")
    assert flush(partition) == {"B": Count(6, 2)}


def test_every_row_is_written_again_on_demand() -> None:
    partition = Partition[Count](0, {"A": Count(5, 3)})
    count(partition, 6, "B")
    flush(partition)
    partition.rewrite()
    assert flush(partition) == {"A": Count(5, 3), "B": Count(6, 1)}


@given(
    batches=st.lists(st.lists(st.sampled_from("ABC"), max_size=4, unique=True), max_size=20),
    crashes=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=6),
)
def test_counts_are_exact_whatever_crashes(batches: list[list[str]], crashes: list[tuple[int, int]]) -> None:
    # A crash keeps what was written, all of it or its first rows, and delivers from the committed offset.
    table: dict[str, Count] = {}
    committed = 0
    for crash_at, torn in [*crashes, (len(batches), 99)]:
        partition = Partition[Count](0, {key: Count(row.offset, row.count) for key, row in table.items()})
        for offset in range(committed, min(crash_at, len(batches))):
            count(partition, offset, *batches[offset])
        if (begun := partition.begin_flush()) is None:
            continue
        rows = list(partition.unsafe())
        table.update((key, Count(row.offset, row.count)) for key, row in rows[:torn])
        if torn >= len(rows):
            committed = begun.through + 1
    expected: dict[str, int] = {}
    for batch in batches:
        for key in batch:
            expected[key] = expected.get(key, 0) + 1
    assert {key: row.count for key, row in table.items()} == expected


def test_a_row_that_is_newer_than_its_source_is_noticed() -> None:
    partition = Partition[Count](0, {"A": Count(5, 3)})
    assert partition.outlived(5)
    assert not partition.outlived(6)
