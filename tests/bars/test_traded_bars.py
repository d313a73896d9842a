"""Bars of the minutes that the vendor does not tell, made of trades: against a brute force, and by rule."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bars.conftest import MONDAY, Json, Source, clock, minute, second, traded
from tests.bars.test_minute_bars import DAYS, PRICES, SYMBOLS, check, events

SIZES = st.sampled_from([0, 1, 100, 12_345_678, 0.25, 0.1])
CONDITIONS = st.lists(st.sampled_from([0, 2, 5, 10, 12, 14, 15, 37, 38, 41, 53, 9_999]), max_size=3)


@st.composite
def trades(draw: st.DrawFn) -> Json:
    start_ms = clock(4, day=draw(st.sampled_from(DAYS)))
    start_ms += draw(st.sampled_from([0, 59, 60, 330, 959, 960, 1_000])) * 60_000
    time_ms = start_ms + draw(st.sampled_from([0, 1, 999, 59_999]))
    return traded(draw(st.sampled_from(SYMBOLS)), time_ms, draw(PRICES), draw(SIZES), *draw(CONDITIONS))


BATCHES = st.lists(st.lists(trades(), min_size=1, max_size=6), max_size=15)
BARS = st.lists(st.lists(events(), min_size=1, max_size=3), max_size=6)


@settings(max_examples=100)
@given(BATCHES)
def test_bars_of_trades_alone_are_those_of_the_brute_force(batches: list[list[Json]]) -> None:
    source = Source()
    for offset, batch in enumerate(batches):
        source.trade(offset, batch)
    check(source, [event for batch in batches for event in batch])


FAULTS = st.lists(st.one_of(st.none(), st.tuples(*[st.one_of(st.none(), st.integers(0, 6))] * 2)))


@settings(max_examples=100)
@given(BATCHES, BARS, st.lists(st.booleans(), max_size=40), FAULTS)
def test_how_two_topics_interleave_and_a_crash_change_nothing(
    traded_batches: list[list[Json]],
    bar_batches: list[list[Json]],
    turns: list[bool],
    faults: list[tuple[int | None, int | None] | None],
) -> None:
    source, pending = Source(), list(faults)
    trade, bar = 0, 0
    turns = list(turns)
    while trade < len(traded_batches) or bar < len(bar_batches):
        is_trade = turns.pop(0) if turns else True
        if trade < len(traded_batches) and (is_trade or bar == len(bar_batches)):
            source.trade(trade, traded_batches[trade])
            trade += 1
        else:
            source.take(bar, bar_batches[bar])
            bar += 1
        fault = pending.pop(0) if pending else None
        if fault is not None:
            # Each table is flushed to some row, and what was not acknowledged comes again.
            source.flush(fault[0])
            source.traded.flush(fault[1])
            source.start()
            trade, bar = source.traded.committed, source.committed
    check(source, [event for batch in [*bar_batches, *traded_batches] for event in batch])


def bar(time_ms: int, prices: tuple[float, float, float, float], volume: float, vwap: float) -> Json:
    o, h, l, c = prices  # noqa: E741  a bar's own names
    return {"t": time_ms, "o": o, "h": h, "l": l, "c": c, "v": volume, "vw": vwap, "final": False}


def test_trades_make_the_bar_of_a_minute_that_nobody_tells() -> None:
    source, at = Source(), clock(9, 31)
    source.trade(0, [traded("ABC", at + 5, 10.0, 300), traded("ABC", at + 59_999, 12.0, 100)])
    source.trade(1, [traded("ABC", at + 6, 9.0, 100)])
    assert source.bars()["ABC"] == [bar(at, (10.0, 12.0, 9.0, 12.0), 500, 10.2)]


def test_a_trade_that_comes_late_finds_its_minute_and_its_place() -> None:
    source, at = Source(), clock(9, 31)
    source.trade(0, [traded("ABC", at + 20_000, 10.0), traded("ABC", at + 60_000, 20.0)])
    source.trade(1, [traded("ABC", at + 10_000, 8.0), traded("ABC", at - 3_600_000, 5.0)])
    assert [(each["o"], each["c"], each["v"]) for each in source.bars()["ABC"]] == [
        (5.0, 5.0, 100), (8.0, 10.0, 200), (20.0, 20.0, 100),
    ]  # fmt: skip


def test_of_two_trades_at_one_time_the_first_opens_and_the_last_closes() -> None:
    source, at = Source(), clock(9, 31)
    source.trade(0, [traded("ABC", at, 10.0), traded("ABC", at, 11.0), traded("ABC", at, 9.0)])
    assert [(each["o"], each["c"]) for each in source.bars()["ABC"]] == [(10.0, 9.0)]


def test_the_vendors_bar_counts_whichever_comes_first() -> None:
    at = clock(9, 31)
    sooner, later = Source(), Source()
    sooner.trade(0, [traded("ABC", at, 99.0)])
    sooner.take(0, [second("ABC", at, 10.0)])
    later.take(0, [second("ABC", at, 10.0)])
    later.trade(0, [traded("ABC", at + 30_000, 99.0)])
    assert sooner.bars() == later.bars() == {"ABC": [bar(at, (10.0, 10.0, 10.0, 10.0), 100, 10.0)]}


def test_only_the_minutes_that_the_vendor_leaves_out_are_made_of_trades() -> None:
    source, at = Source(), clock(9, 31)
    source.take(0, [minute("ABC", at), minute("ABC", at + 120_000)])
    source.trade(0, [traded("ABC", at + number * 60_000, 50.0) for number in range(4)])
    assert [(each["c"], each["final"]) for each in source.bars()["ABC"]] == [
        (10.0, True), (50.0, True), (10.0, True), (50.0, False),
    ]  # fmt: skip


def test_odd_lots_count_for_the_volume_of_a_bar_and_make_none() -> None:
    source, at = Source(), clock(9, 31)
    source.trade(0, [traded("ABC", at, 99.0, 3, 37), traded("ABC", at + 60_000, 98.0, 7, 37)])
    assert source.bars() == {}
    source.trade(1, [traded("ABC", at + 1_000, 10.0, 100)])
    assert source.bars()["ABC"] == [bar(at, (10.0, 10.0, 10.0, 10.0), 103, 12.5922)]


def test_a_late_report_sets_the_high_and_no_price() -> None:
    source, at = Source(), clock(9, 31)
    source.trade(0, [traded("ABC", at, 10.0), traded("ABC", at + 1_000, 15.0, 100, 32)])
    source.trade(1, [traded("ABC", at + 60_000, 16.0, 100, 32)])
    assert source.bars()["ABC"] == [bar(at, (10.0, 15.0, 10.0, 10.0), 200, 12.5)]


@pytest.mark.parametrize(
    ("day", "hour", "made"), [(MONDAY, 8, 1), (MONDAY, 13, 0), (MONDAY, 17, 1), (date(2017, 7, 3), 13, 1)]
)
def test_a_form_t_makes_bars_in_extended_hours_alone(day: date, hour: int, made: int) -> None:
    source = Source()
    source.trade(0, [traded("ABC", clock(hour, day=day), 10.0, 100, 12)])
    assert len(source.bars().get("ABC", [])) == made


def test_trades_of_a_new_day_end_the_old_one() -> None:
    source, tuesday = Source(), MONDAY + timedelta(days=1)
    source.take(0, [minute("ABC", clock(15))])
    source.trade(0, [traded("ABC", clock(14)), traded("ABC", clock(4, day=tuesday), 11.0)])
    source.trade(1, [traded("ABC", clock(16), 99.0)])
    assert [(each["t"], each["c"]) for each in source.bars()["ABC"]] == [(clock(4, day=tuesday), 11.0)]
    assert source.counters.by_reason("events_ignored") == {"earlier_day": 1}


def test_a_trade_from_the_future_is_ignored() -> None:
    source = Source()
    source.trade(0, [traded("ABC", clock(12))], received_ms=clock(10, 59))
    assert source.bars() == {}
    assert source.counters.by_reason("events_ignored") == {"from_the_future": 1}


def test_rows_are_all_but_empty_where_the_vendor_tells_the_minutes() -> None:
    source = Source()
    for number in range(120):
        source.trade(number, [traded("ABC", clock(9) + number * 60_000)])
        source.take(number, [minute("ABC", clock(9) + number * 60_000)])
    assert [len(row.priced) + len(row.waiting) for row in source.traded.partition.rows.values()] == [0, 0]


def test_a_symbol_without_the_vendors_bars_has_no_raw_bar() -> None:
    source = Source()
    source.trade(0, [traded("ABC", clock(9))])
    assert (source.symbols.days["ABC"].raw, source.symbols.days["ABC"].raw_end_ms) == (b"", -1)
