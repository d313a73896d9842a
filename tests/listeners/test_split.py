import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.listeners.batcher import BRACKETS, Batcher
from streams.listeners.record import Record
from streams.listeners.split import Reason, Slice, Split, Splitter, Status, cut_items
from streams.records import partition_of

PARTITIONS = 4


def split(frame: bytes | str, slice_bytes: int = 65_534) -> Split:
    return Splitter(PARTITIONS, slice_bytes).split(frame)


def test_events_go_by_type_and_partition_in_arrival_order_with_bytes_unchanged() -> None:
    first = b'{"ev":"T","sym":"AAPL","p":1.50,  "s":1}'
    second = b'{"sym":"AAPL","ev":"T","p":1e2}'
    quote = b'{"ev":"Q","sym":"AAPL"}'
    result = split(b"[" + first + b", " + quote + b"," + second + b"]")
    partition = partition_of("AAPL", PARTITIONS)
    assert result == Split([Slice("T", partition, 2, first + b"," + second), Slice("Q", partition, 1, quote)])


def test_text_and_bytes_give_the_same() -> None:
    frame = '[{"ev":"T","sym":"ÄÖ.Ü/X"}]'
    assert split(frame) == split(frame.encode())


@pytest.mark.parametrize(
    ("event", "symbol"),
    [
        (b'{"ev":"LULD","T":"BRK.B"}', "BRK.B"),
        (b'{"ev":"XT","pair":"BTC-USD"}', "BTC-USD"),
        (b'{"ev":"CA","pair":"USD/CNH"}', "USD/CNH"),
        (b'{"ev":"C","p":"USD/CNH"}', "USD/CNH"),
        (b'{"ev":"T","sym":"\\u00c4"}', "Ä"),
        ('{"ev":"T","sym":"株式"}'.encode(), "株式"),
    ],
)
def test_the_symbol_is_found_where_the_vendor_has_it(event: bytes, symbol: str) -> None:
    (found,) = split(b"[" + event + b"]").slices
    assert (found.partition, found.data) == (partition_of(symbol, PARTITIONS), event)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (b'{"ev":"NEW","sym":"A"}', Reason.UNKNOWN_TYPE),
        (b'{"ev":"T"}', Reason.NO_SYMBOL),
        (b'{"ev":"T","sym":""}', Reason.NO_SYMBOL),
        (b'{"ev":"C","p":1.5}', Reason.NO_SYMBOL),
        (b'{"ev":"T","sym":5}', Reason.BAD_EVENT),
        (b'{"ev":null,"sym":"A"}', Reason.BAD_EVENT),
        (b'{"sym":"A"}', Reason.BAD_EVENT),
        (b"null", Reason.BAD_EVENT),
        (b"[]", Reason.BAD_EVENT),
        (b'{"ev":"T","sym":"A","p":NaN}', Reason.BAD_EVENT),
        (b'{"ev":"T","sym":"\\ud800"}', Reason.BAD_EVENT),
        (b'{"ev":"T","sym":"A","x":"\xff"}', Reason.BAD_EVENT),
        (b'{"ev":"T","sym":"A","x":' + b"[" * 5000 + b"]" * 5000 + b"}", Reason.BAD_EVENT),
        (b'{"ev":"T","sym":"A" "p":1}', Reason.BAD_EVENT),
    ],
)
def test_a_bad_item_is_kept_verbatim_and_costs_no_other(item: bytes, reason: Reason) -> None:
    good = b'{"ev":"T","sym":"A","note":"},{ \\" ]"}'
    result = split(b"[" + good + b"," + item + b"," + good + b"]")
    assert result.unknown == [(reason, item)]
    assert result.slices == [Slice("T", partition_of("A", PARTITIONS), 2, good + b"," + good)]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"hello",
        b'{"ev":"T","sym":"A"}',
        b'[{"ev":"T","sym":"A"},{"ev":"T","sy',
        b'[{"ev":"T","sym":"A"}',
        b'[{"ev":"T","sym":"A"}]]',
        b'[{"ev":"T","sym":"A}]',
        b'[{"ev":"T","sym":"A"},,{"ev":"T","sym":"A"}]',
        b"\xff\xfe",
    ],
)
def test_a_frame_that_is_no_array_is_kept_whole(frame: bytes) -> None:
    assert split(frame) == Split(unknown=[(Reason.NOT_AN_ARRAY, frame)])


def test_an_empty_array_holds_nothing() -> None:
    assert split(b"[]") == split(b" [ ] ") == Split()


def test_statuses_are_handed_back_apart() -> None:
    status = b'{"ev":"status","status":"success","message":"subscribed to: T.*"}'
    result = split(b"[" + status + b',{"ev":"T","sym":"A"}]')
    assert result.statuses == [Status("success", "subscribed to: T.*")]
    assert len(result.slices) == 1
    assert not result.unknown


def test_a_frame_of_five_megabytes_is_cut_into_slices_within_the_limit() -> None:
    event = b'{"ev":"T","sym":"A","note":"' + b"x" * 972 + b'"}'
    result = split(b"[" + b",".join([event] * 5_000) + b"]", slice_bytes=10_000)
    assert sum(found.events for found in result.slices) == 5_000
    assert b",".join(found.data for found in result.slices) == b",".join([event] * 5_000)
    assert max(len(found.data) for found in result.slices) <= 10_000


def test_a_splitter_keeps_nothing_of_one_frame_for_the_next() -> None:
    splitter = Splitter(PARTITIONS, 65_534)
    frame = b'[{"ev":"T","sym":"A"},{"ev":"T","sym":5}]'
    assert splitter.split(frame) == splitter.split(frame)


def test_more_symbols_than_are_kept_still_find_their_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.listeners.split.MAX_SYMBOLS", 3)
    splitter = Splitter(PARTITIONS, 65_534)
    for number in range(20):
        (found,) = splitter.split(b'[{"ev":"T","sym":"S%d"}]' % number).slices
        assert found.partition == partition_of(f"S{number}", PARTITIONS)


@given(st.lists(st.recursive(st.none() | st.floats(allow_nan=False) | st.text(), st.lists), max_size=5))
def test_cutting_by_structure_finds_the_items_that_json_finds(values: list[object]) -> None:
    text = json.dumps(values)
    items = cut_items(text.encode())
    assert items is not None
    assert [json.loads(item) for item in items] == json.loads(text)


events = st.fixed_dictionaries(
    {
        "ev": st.sampled_from(["T", "Q", "A", "AM", "LULD"]),
        "sym": st.sampled_from(["A", "BRK.B", "Ä/Ö", "SPY", "X" * 70]),
        "q": st.integers(0, 2**40),
    },
    optional={"note": st.text(max_size=300)},
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(events, max_size=30), max_size=15), st.integers(64, 2_000), st.integers(0, 5))
def test_records_of_a_type_and_partition_hold_its_events_in_arrival_order(
    frames: list[list[dict[str, Any]]], limit: int, linger: int
) -> None:
    splitter, batcher = Splitter(PARTITIONS, limit - BRACKETS), Batcher(linger, limit)
    records: list[Record] = []
    expected: dict[tuple[str, int], list[bytes]] = {}
    for now, frame in enumerate(frames):
        for event in frame:
            lane = event["ev"], partition_of(event["sym"], PARTITIONS)
            expected.setdefault(lane, []).append(msgspec.json.encode(event))
        records += batcher.add(splitter.split(msgspec.json.encode(frame)).slices, now, now)
        records += batcher.due(now)
    records += batcher.flush()
    got: dict[tuple[str, int], list[bytes]] = {}
    for record in records:
        items = [bytes(item) for item in msgspec.json.decode(record.value, type=list[msgspec.Raw])]
        types = {json.loads(item)["ev"] for item in items}
        assert len(types) == 1
        assert len(items) == record.events
        assert len(record.value) <= limit or len(items) == 1
        assert record.value == b"[" + b",".join(items) + b"]"
        got.setdefault((types.pop(), record.partition), []).extend(items)
    assert got == expected
