"""Minute bars and longer ones against a brute force: any order, any batching, any crash."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bars import brute_force
from tests.bars.conftest import MONDAY, Json, Source, clock, minute, second

DAYS = (date(2017, 7, 7), MONDAY)
SYMBOLS = ("ABC", "BRK.B", "A B")
PRICES = st.sampled_from([0.0001, 9.9, 10.0, 10.01, 10.5, 412_000.25])
VOLUMES = st.sampled_from([0, 1, 100, 12_345_678, 0.25, 0.1, None])


@st.composite
def events(draw: st.DrawFn) -> Json:
    day = draw(st.sampled_from(DAYS))
    time_ms = clock(4, day=day) + draw(st.sampled_from([0, 59, 60, 330, 959, 960, 1_000])) * 60_000
    symbol, price = draw(st.sampled_from(SYMBOLS)), draw(PRICES)
    more: Json = {"h": price + 1, "l": draw(st.sampled_from([price, None])), "v": draw(VOLUMES)}
    if draw(st.integers(0, 4)) == 0:
        return minute(symbol, time_ms, price, **more)
    return second(symbol, time_ms + draw(st.sampled_from([0, 1, 30, 59])) * 1_000, price, **more)


def check(source: Source, taken: list[Json]) -> None:
    expected = brute_force.bars(taken)
    found = source.bars()
    assert found.keys() == expected.keys()
    for symbol, bars in expected.items():
        assert brute_force.same(found[symbol], bars), (found[symbol], bars)
        for span in (5, 15, 60):
            longer = source.bars(span)[symbol]
            assert brute_force.same(longer, brute_force.spans(found[symbol], span))


@given(st.lists(st.lists(events(), max_size=6), max_size=20))
def test_bars_are_those_of_the_brute_force(batches: list[list[Json]]) -> None:
    source = Source()
    for offset, batch in enumerate(batches):
        source.take(offset, batch)
    check(source, [event for batch in batches for event in batch])


@settings(max_examples=60)
@given(
    st.lists(st.lists(events(), min_size=1, max_size=6), max_size=15),
    st.lists(st.tuples(st.integers(0, 14), st.one_of(st.none(), st.integers(0, 8)), st.booleans())),
)
def test_a_crash_changes_nothing(
    batches: list[list[Json]], faults: list[tuple[int, int | None, bool]]
) -> None:
    source, offset, pending = Source(), 0, list(faults)
    while offset < len(batches):
        source.take(offset, batches[offset])
        offset += 1
        if pending and pending[0][0] <= offset:
            _, rows, crashes = pending.pop(0)
            source.flush(rows)
            if crashes:
                source.start()
                offset = source.committed
    check(source, [event for batch in batches for event in batch])


@given(
    st.lists(
        events(), min_size=1, max_size=30, unique_by=lambda event: (event["ev"], event["sym"], event["s"])
    ),
    st.randoms(use_true_random=False),
)
def test_order_and_repetition_change_nothing(taken: list[Json], random: object) -> None:
    in_order, shuffled = Source(), Source()
    mixed = taken + taken[: len(taken) // 2]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    in_order.take(0, taken)
    for offset, event in enumerate(mixed):
        shuffled.take(offset, [event])
    assert shuffled.bars() == in_order.bars()


def test_a_minute_that_the_vendor_tells_replaces_its_seconds() -> None:
    source = Source()
    time_ms = clock(9, 30)
    source.take(0, [second("ABC", time_ms, 10.0, 5), minute("ABC", time_ms, 11.0, 900)])
    source.take(1, [second("ABC", time_ms + 7_000, 99.0, 5)])
    assert source.bars()["ABC"] == [
        {"t": time_ms, "o": 11.0, "h": 11.0, "l": 11.0, "c": 11.0, "v": 900, "vw": 11.0, "final": True}
    ]
    assert source.counters.by_reason("events_ignored") == {"second_counted_already": 1}


def test_a_told_minute_is_corrected() -> None:
    source = Source()
    source.take(0, [minute("ABC", clock(9, 30), 11.0), minute("ABC", clock(9, 31), 12.0)])
    source.take(1, [minute("ABC", clock(9, 30), 11.5, 7)])
    assert [(bar["c"], bar["v"]) for bar in source.bars()["ABC"]] == [(11.5, 7), (12.0, 100)]


def test_a_second_is_corrected_while_its_minute_is_the_newest() -> None:
    source = Source()
    source.take(0, [second("ABC", clock(9, 30), 10.0, 5), second("ABC", clock(9, 30, 1), 12.0, 5)])
    source.take(1, [second("ABC", clock(9, 30), 11.0, 7)])
    bar = {"t": clock(9, 30), "o": 11.0, "h": 12.0, "l": 11.0, "c": 12.0, "v": 12, "vw": 11.4167}
    assert source.bars()["ABC"] == [{**bar, "final": False}]
    source.take(2, [second("ABC", clock(9, 31)), second("ABC", clock(9, 30), 99.0, 7)])
    assert source.bars()["ABC"][0] == {**bar, "final": True}
    assert source.counters.by_reason("events_ignored") == {"second_counted_already": 1}


def test_a_bar_is_final_once_its_symbol_has_a_later_one() -> None:
    source = Source()
    source.take(0, [second("ABC", clock(9, 30)), second("ABC", clock(9, 31))])
    assert [bar["final"] for bar in source.bars()["ABC"]] == [True, False]


def test_an_hours_bar_is_final_with_its_last_minute() -> None:
    source = Source()
    source.take(0, [second("ABC", clock(9, 30)), minute("ABC", clock(9, 59))])
    assert [(bar["t"], bar["final"]) for bar in source.bars(60)["ABC"]] == [(clock(9), True)]


def test_the_next_day_starts_afresh() -> None:
    source = Source()
    tuesday = MONDAY + timedelta(days=1)
    source.take(0, [minute("ABC", clock(19, 59))])
    source.take(1, [second("ABC", clock(4, day=tuesday)), minute("ABC", clock(19, 58))])
    assert [bar["t"] for bar in source.bars()["ABC"]] == [clock(4, day=tuesday)]
    assert source.counters.by_reason("events_ignored") == {"earlier_day": 1}


def test_a_bar_from_the_future_is_ignored() -> None:
    source = Source()
    source.take(0, [minute("ABC", clock(12))], received_ms=clock(10, 59))
    assert source.bars() == {}
    assert source.counters.by_reason("events_ignored") == {"from_the_future": 1}


@pytest.mark.parametrize("day", [date(2017, 3, 13), date(2017, 11, 6), date(2017, 11, 24)])
def test_hours_are_those_of_new_york(day: date) -> None:
    source = Source()
    source.take(0, [minute("ABC", clock(9, 59, day=day)), minute("ABC", clock(10, day=day))])
    assert [bar["t"] for bar in source.bars(60)["ABC"]] == [clock(9, day=day), clock(10, day=day)]


def test_the_newest_raw_bar_is_kept_as_received() -> None:
    source = Source()
    newest = second("ABC", clock(9, 31, 59))
    source.take(0, [newest, minute("ABC", clock(9, 30)), second("ABC", clock(9, 31, 58))])
    source.take(1, [minute("ABC", clock(9, 31))])
    source.flush()
    source.start()
    assert (
        source.symbols.days["ABC"].raw.replace(b" ", b"")
        == str(newest).replace(" ", "").replace("'", '"').encode()
    )
