"""When the last of some events happened, by its own clock."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.listeners.event_time import newest_ns

MS = st.integers(0, 4_000_000_000_000)


@given(st.lists(st.tuples(st.sampled_from("te"), MS), min_size=1, max_size=5))
def test_times_in_ms_are_those_of_trades_quotes_and_bars(events: list[tuple[str, int]]) -> None:
    data = ",".join(json.dumps({"ev": "T", "sym": "A", field: time_ms}) for field, time_ms in events)
    assert newest_ns(data.encode()) == events[-1][1] * 1_000_000


def test_times_in_ns_are_those_of_price_bands() -> None:
    assert newest_ns(b'{"ev":"LULD","T":"A","t":1795185000123456789}') == 1_795_185_000_123_456_789


@pytest.mark.parametrize("data", [b"", b'{"ev":"T"}', b'{"t":"soon"}', b'{"t":1', b"\xff", b'{"t":null}'])
def test_what_tells_no_time_is_none(data: bytes) -> None:
    assert newest_ns(data) is None
