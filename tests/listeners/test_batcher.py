from streams.listeners.batcher import Batcher
from streams.listeners.record import Record
from streams.listeners.split import Slice
from streams.topics import AGGREGATES, TRADES


def test_slices_of_several_frames_share_a_record() -> None:
    batcher = Batcher(linger_s=1, max_bytes=1_000)
    assert batcher.add([Slice("T", 2, 1, b"{1}")], now=0, received_ns=70) == []
    assert batcher.add([Slice("T", 2, 2, b"{2},{3}")], now=0.5, received_ns=80) == []
    assert batcher.due(0.99) == []
    assert batcher.due(1) == [Record(TRADES, 2, b"[{1},{2},{3}]", 3, 70)]
    assert batcher.next_due() is None


def test_a_record_closes_before_it_would_exceed_its_size() -> None:
    batcher = Batcher(linger_s=1, max_bytes=10)
    assert batcher.add([Slice("T", 0, 1, b"aaaa")], 0, 1) == []
    assert batcher.add([Slice("T", 0, 1, b"bbbb")], 0, 2) == [Record(TRADES, 0, b"[aaaa]", 1, 1)]
    assert batcher.flush() == [Record(TRADES, 0, b"[bbbb]", 1, 2)]


def test_an_event_larger_than_the_limit_goes_alone() -> None:
    batcher = Batcher(linger_s=1, max_bytes=10)
    batcher.add([Slice("T", 0, 1, b"a")], 0, 1)
    large = b"b" * 50
    assert [r.value for r in batcher.add([Slice("T", 0, 1, large)], 0, 2)] == [b"[a]"]
    assert [r.value for r in batcher.add([Slice("T", 0, 1, b"c")], 0, 3)] == [b"[" + large + b"]"]


def test_types_of_one_topic_do_not_share_a_record() -> None:
    batcher = Batcher(linger_s=1, max_bytes=1_000)
    batcher.add([Slice("A", 0, 1, b"a"), Slice("AM", 0, 1, b"m")], 0, 1)
    assert batcher.flush() == [Record(AGGREGATES, 0, b"[a]", 1, 1), Record(AGGREGATES, 0, b"[m]", 1, 1)]


def test_the_oldest_record_is_due_first() -> None:
    batcher = Batcher(linger_s=1, max_bytes=1_000)
    batcher.add([Slice("T", 1, 1, b"a")], 0, 1)
    batcher.add([Slice("T", 0, 1, b"b")], 0.5, 2)
    assert batcher.next_due() == 1
    assert [record.partition for record in batcher.due(1.2)] == [1]
    assert [record.partition for record in batcher.due(1.5)] == [0]
