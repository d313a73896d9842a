"""What workers say of the batches that they have published, and what the WDS makes of it."""

from __future__ import annotations

import time

import msgspec
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from streams.emit.marks import Marker
from streams.feeds import CATALOGUE, Database, Mark, feed_of_key, marks_channel
from streams.passage import MAX_TRACES, Follower, Passage
from streams.telemetry import Counters
from streams.tracing import NO_TRACER
from streams.wds.marks import Marks

NOW_MS = int(time.time() * 1000)


def marks_of(marker: Marker) -> list[Mark]:
    with marker.writing("wdc") as marks:
        return [msgspec.json.decode(mark, type=Mark) for mark in marks()]


def observed(counters: Counters, stage: str) -> int:
    distribution = counters.distributions("latency").get(stage)
    return 0 if distribution is None else sum(distribution.counts)


def test_a_follower_tells_the_oldest_batch_since_it_was_last_asked() -> None:
    passage = Passage("scanner")
    first, second = passage.follow(), passage.follow()
    for received_ms in (NOW_MS, NOW_MS - 500, NOW_MS - 100):
        passage.end(received_ms, None)
    assert first.take().received_ms == NOW_MS - 500
    assert first.take().received_ms is None
    assert second.take().received_ms == NOW_MS - 500


def test_what_is_not_taken_keeps_a_bounded_number_of_traces() -> None:
    follower = Follower()
    for number in range(10 * MAX_TRACES):
        follower.note(NOW_MS, f"trace {number}")
    assert follower.take().traceparents == [f"trace {number}" for number in range(MAX_TRACES)]


def test_a_worker_is_behind_while_what_comes_was_received_long_ago() -> None:
    passage = Passage()
    passage.begin(NOW_MS - 60_000)
    assert passage.is_behind
    passage.begin(None)
    assert passage.is_behind
    passage.begin(int(time.time() * 1000))
    assert not passage.is_behind


def test_a_mark_follows_a_write_at_most_once_a_second() -> None:
    follower, counters = Follower(), Counters()
    marker = Marker(follower, NO_TRACER, counters, "quotes")
    assert marks_of(marker) == []
    follower.note(NOW_MS)
    (mark,) = marks_of(marker)
    assert (mark.app, mark.received_ms, mark.traceparent) == ("quotes", NOW_MS, None)
    follower.note(NOW_MS)
    assert marks_of(marker) == []
    assert observed(counters, "published") == 2


def test_what_could_not_be_written_counts_when_it_is() -> None:
    follower, counters = Follower(), Counters()
    marker = Marker(follower, NO_TRACER, counters, "quotes")
    follower.note(NOW_MS - 10_000)
    with pytest.raises(RedisConnectionError), marker.writing("wdc"):
        raise RedisConnectionError
    assert observed(counters, "published") == 0
    follower.note(NOW_MS)
    assert [mark.received_ms for mark in marks_of(marker)] == [NOW_MS - 10_000]


@pytest.mark.parametrize("payload", [b"", b"\xff", b"{}", b"[" * 10_000, b'{"app":"x","received_ms":"1"}'])
def test_a_mark_that_cannot_be_read_is_counted_and_nothing_else(payload: bytes) -> None:
    counters = Counters()
    Marks(counters, NO_TRACER).take(payload)
    assert counters.get("marks_rejected") == 1
    assert observed(counters, "dispatched") == 0


def test_clients_cannot_name_the_channel_of_marks() -> None:
    for database in Database:
        assert feed_of_key(marks_channel(database)) is None
        assert not any(feed.matches(marks_channel(database)) for feed in CATALOGUE)
