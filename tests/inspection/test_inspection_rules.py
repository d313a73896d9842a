"""What a record is told as, what of it concerns a symbol, where answers end and go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import records
from streams.errors import BadInputError
from streams.inspection import times
from streams.inspection.answer import Answer, answer
from streams.inspection.concern import Concern, Found, Record
from streams.inspection.lane import Back, Lane, Onward, Span
from streams.inspection.query import Query, parse_marks, topic_named
from streams.inspection.told import MOST_BYTES, tell
from streams.records import join
from streams.settings import Settings
from streams.topics import TRADES

BYTES = 100
NOW = times.parse("2026-11-20T12:00:00Z", 0)
BATCH = join([b'{"ev":"T","sym":"AAPL","p":1.10}', b'{"ev":"T","sym":"A"}', b'{"ev":"T","sym":"AAPL","p":2}'])

Headers = Sequence[tuple[str, bytes | None]]


def record(
    value: bytes | None,
    *,
    key: bytes | None = None,
    partition: int = 0,
    offset: int = 0,
    at: int = 0,
    headers: Headers = (),
) -> Record:
    return Record(partition, offset, at, key, value, headers)


def written(told: object) -> Any:  # noqa: ANN401  JSON
    return json.loads(msgspec.json.encode(told))


@pytest.mark.parametrize(
    ("value", "form", "told", "count"),
    [
        (b'[{"t": 1770000000000000001}]', "json", [{"t": 1770000000000000001}], 1),
        (b'{"p":1.10}', "json", {"p": 1.1}, None),
        (msgspec.msgpack.encode(["AAPL", 5]), "messagepack", ["AAPL", 5], None),
        (b"[1, NaN]", "text", "[1, NaN]", None),
        (b"plain", "text", "plain", None),
        (b"\xff\x00\x01", "base64", "/wAB", None),
        (b"", "base64", "", None),
        (None, "none", None, None),
        (b"[" * 5_000, "text", "[" * 5_000, None),
    ],
)
def test_a_value_is_told_as_what_it_is(
    value: bytes | None, form: str, told: object, count: int | None
) -> None:
    found = written(tell(Found(record(value))))
    assert (found["format"], found["value"], found["events"]) == (form, told, count)
    assert (found["why"] is None) == (form in {"json", "messagepack"})


def test_the_bytes_of_json_stay_as_they_are() -> None:
    assert b'"value":[{"p": 1.10}]' in msgspec.json.encode(tell(Found(record(b'[{"p": 1.10}]'))))


def test_a_huge_value_is_told_in_part() -> None:
    told = tell(Found(record(b'"' + b"x" * 2 * MOST_BYTES + b'"')))
    assert (told.format, len(told.value), told.size) == ("text", MOST_BYTES, 2 * MOST_BYTES + 2)
    assert str(told.size) in str(told.why)


def test_headers_tell_receipt_source_and_trace() -> None:
    made = [
        *records.headers(1_770_000_000_123_456_789, "massive", "00-a-b-01"),
        ("odd", None),
        ("odd", b"\xff"),
    ]
    told = tell(Found(record(b"[]", headers=made)))
    assert told.received_ms == 1_770_000_000_123
    assert told.headers == {
        "received_ns": "1770000000123456789",
        "source": "massive",
        "traceparent": "00-a-b-01",
        "odd": ", \\xff",
    }


@given(st.one_of(st.none(), st.binary()), st.one_of(st.none(), st.binary()), st.binary())
def test_any_record_can_be_told(value: bytes | None, key: bytes | None, header: bytes) -> None:
    made = record(value, key=key, headers=[("received_ns", header), ("received_ns", None)])
    for symbol in (None, "A"):
        found = Concern(symbol).pick(made)
        assert found is None or written(tell(found))["size"] == len(value or b"")


def test_of_a_batch_only_the_symbols_events_are_told() -> None:
    found = Concern("AAPL").pick(record(BATCH))
    assert found is not None
    told = written(tell(found))
    assert (told["concerned"], told["events"]) == (2, 3)
    assert [event["p"] for event in told["value"]] == [1.1, 2]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b'[{"ev":"LULD","T":"AAPL"}]', None),
        (b'[{"ev":"XT","pair":"AAPL"}]', None),
        (rb'[{"ev":"T","sym":"AAP\u004c"}]', None),
        (b'{"close":1}', b"AAPL"),
        (b'{"title":"x","tickers":["MSFT","AAPL"]}', None),
        (b'{"companies":[{"ticker":"AAPL"}]}', None),
        (msgspec.msgpack.encode([0, {"AAPL": [1]}]), None),
        (msgspec.msgpack.encode([0, [["AAPL", 1]]]), None),
        (b'[{"sym":"AAPL", NaN}]', None),
        (None, b"AAPL"),
    ],
)
def test_a_symbol_is_found_where_it_stands(value: bytes | None, key: bytes | None) -> None:
    assert Concern("AAPL").pick(record(value, key=key)) is not None


@pytest.mark.parametrize(
    "value",
    [
        BATCH.replace(b"AAPL", b"AAPLW"),
        b'{"title":"AAPL rises"}',
        b'[{"ev":"T","sym":"X","AAPL":1}]',
        b"AAPL",
    ],
)
def test_a_symbol_is_not_found_elsewhere(value: bytes) -> None:
    assert Concern("AAPL").pick(record(value)) is None


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("09:30", "2026-11-20T14:30:00Z"),
        ("9:30:02.5", "2026-11-20T14:30:02.500Z"),
        ("09:30:00 ET", "2026-11-20T14:30:00Z"),
        ("2026-07-01 09:30:00", "2026-07-01T13:30:00Z"),
        ("2026-11-20T14:30:00Z", "2026-11-20T14:30:00Z"),
        ("2026-11-20", "2026-11-20T05:00:00Z"),
        ("2026-11-01 01:30", "2026-11-01T05:30:00Z"),
        (f"{NOW}", "2026-11-20T12:00:00Z"),
    ],
)
def test_times_are_new_yorks(text: str, utc: str) -> None:
    assert times.parse(text, NOW) == times.parse(utc, 0)


@pytest.mark.parametrize(
    "text", ["", "x", "25:00", "9", "2026-13-01", "1960-01-01", "0001-01-01", "9:3", "2026-11-20 9"]
)
def test_what_is_no_time_is_told_so(text: str) -> None:
    with pytest.raises(BadInputError, match="is no time: 09:30:00"):
        times.parse(text, NOW)


def test_today_is_new_yorks_day() -> None:
    assert (
        times.told(times.parse("23:00", times.parse("2026-11-21T03:30:00Z", 0)))
        == "2026-11-20 23:00:00.000 ET"
    )


@pytest.mark.parametrize("text", ["", "1", "1:", ":1", "1:2,1:3", "1:-2", "1:2;3:4", "9" * 12 + ":1"])
def test_marks_that_are_none_are_told_so(text: str) -> None:
    with pytest.raises(BadInputError, match="PARTITION:OFFSET"):
        parse_marks(text)


def test_a_topic_is_named_with_or_without_prefix() -> None:
    settings = Settings(kafka_topic_prefix="x.")
    assert topic_named(settings, "trades") is topic_named(settings, "x.trades") is TRADES
    with pytest.raises(BadInputError, match=r"'md.trades': one of x.trades, "):
        topic_named(settings, "md.trades")


class Log:
    """Partitions in memory, each a list of (offset, time, size): what is read of Kafka, without it."""

    def __init__(self, *partitions: list[tuple[int, int, int]]) -> None:
        self.partitions = [
            [record(b" " * size, partition=number, offset=offset, at=at) for offset, at, size in entries]
            for number, entries in enumerate(partitions)
        ]

    def ask(self, query: Query) -> Answer:
        lanes: dict[int, Lane] = {}
        for number, entries in enumerate(self.partitions):
            held = Span(entries[0].offset, entries[-1].offset + 1) if entries else Span(7, 7)
            start = (query.marks or {}).get(number, held.end)
            start = min(max(start, held.first), held.end)
            lanes[number] = (Onward if query.is_onward else Back)(held, start, query)
        for number, lane in lanes.items():
            while (span := lane.next_span()) is not None:
                self._read(number, lane, span)
        return answer("md.trades", query, lanes)

    def _read(self, number: int, lane: Lane, span: Span) -> None:
        for each in self.partitions[number]:
            if span.first <= each.offset < span.end and not lane.take(Found(each), each.offset):
                return
        lane.close()


logs = st.lists(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(0, 3), st.sampled_from([1, 30, 100, 150])),
        max_size=12,
    ),
    min_size=1,
    max_size=3,
)


def log_of(steps: list[list[tuple[int, int, int]]]) -> Log:
    """Return partitions whose offsets and times grow by steps: some offsets are of no record."""
    partitions = []
    for entries in steps:
        offset = at = 0
        partitions.append(
            [(offset := offset + more, at := at + later, size) for more, later, size in entries]
        )
    return Log(*partitions)


@hypothesis.settings(deadline=None, max_examples=60)
@given(logs, st.integers(1, 5), st.booleans())
def test_going_on_shows_every_record_once_and_in_order(
    steps: list[list[tuple[int, int, int]]], most: int, is_onward: bool
) -> None:
    log = log_of(steps)
    asked = partial(Query, TRADES, most=most, most_bytes=BYTES)
    query = asked(onward=dict.fromkeys(range(len(steps)), 0)) if is_onward else asked()
    pages = []
    for _ in range(200):
        found = log.ask(query)
        pages.append([(each.time_ms or 0, each.partition, each.offset) for each in found.records])
        assert len(found.records) <= most
        assert len(found.records) == 1 or sum(each.size for each in found.records) <= BYTES
        if found.stopped is None:
            break
        if is_onward:
            query = asked(onward=parse_marks(found.later))
        else:
            assert found.earlier is not None
            query = asked(before=parse_marks(found.earlier))
    told = [place for page in (pages if is_onward else pages[::-1]) for place in page]
    expected = [
        (each.timestamp, each.partition, each.offset) for entries in log.partitions for each in entries
    ]
    assert told == sorted(expected)


def test_what_was_cut_is_told() -> None:
    log = Log([(5, 0, 1), (6, 1, 1), (7, 2, 1)])
    onward = log.ask(Query(TRADES, most=2, onward={0: 5}))
    assert onward.stopped == "stopped after 2 records: go on from offset 7"
    assert log.ask(Query(TRADES, most=1)).stopped == "stopped after 1 record: go on before offset 7"
    large = Log([(5, 0, 100), (6, 1, 1)], [])
    assert large.ask(Query(TRADES, most_bytes=100)).stopped == "stopped after 100 bytes: go on before 0:6,1:7"
    assert large.ask(Query(TRADES, most_bytes=100, before={0: 6})).stopped is None
