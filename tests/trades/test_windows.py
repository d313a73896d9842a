"""Windows of trades against a brute force, in one piece and after crashes."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.trades.block import BLOCK_TRADES, SLOTS, WINDOW
from tests.trades import brute_force
from tests.trades.conftest import Json, Source, clock, made


def by_symbol(batches: Sequence[Sequence[Json]]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for batch in batches:
        for trade in batch:
            found.setdefault(trade["sym"], []).append(trade)
    return found


def check(source: Source, batches: Sequence[Sequence[Json]]) -> None:
    trades = by_symbol(batches)
    expected, top = brute_force.widgets(trades)
    found = source.widgets()
    assert found is not None
    assert found[0] == expected
    assert found[1] == {symbol: expected["symbols"][symbol] for symbol in top}
    last = {symbol: last for symbol in trades if (last := brute_force.last_trade(trades[symbol]))}
    source.trades.republish()
    shown = {symbol: json.loads(raw) for symbol, raw in source.trades.last_trades()}
    assert shown == {symbol: last[symbol] for symbol in shown}
    assert shown.keys() >= expected["symbols"].keys()


def test_a_trade_makes_a_window() -> None:
    source = Source()
    batch = [made("A", clock(10), 300, 12.34), made("A", clock(10, 0, 2), 101, 12.35)]
    source.take(0, batch)
    found = source.widgets()
    assert found is not None
    assert found[0] == {
        "timestamp": clock(10, 0, 2),
        "symbols": {
            "A": {
                "total_volume": 401,
                "trade_count": 2,
                "avg_size": 200.5,
                "max_size": 300,
                "time_span_ms": 2_000,
                "latest_price": 12.35,
                "latest_timestamp": clock(10, 0, 2),
                "latest_exchange": 4,
            }
        },
        "symbol_count": 1,
    }


def test_only_the_newest_thousand_trades_count() -> None:
    source = Source()
    batches = [
        [made("A", clock(10) + n, n + 1) for n in range(start, start + 50)] for start in range(0, 5_000, 50)
    ]
    for offset, batch in enumerate(batches):
        source.take(offset, batch)
    check(source, batches)


def test_a_symbol_has_no_more_rows_than_slots() -> None:
    source = Source()
    source.take(0, [made("A", clock(10) + n) for n in range(3 * SLOTS * BLOCK_TRADES)])
    assert len(source.partition.rows) == SLOTS


def test_five_idle_minutes_start_a_window_anew() -> None:
    source = Source()
    batch = [made("A", clock(10)), made("A", clock(10, 5)), made("A", clock(10, 9, 59))]
    source.take(0, batch)
    found = source.widgets()
    assert found is not None
    assert found[0]["symbols"]["A"]["trade_count"] == 2


def test_an_idle_symbol_is_forgotten_by_the_clock_of_the_others() -> None:
    source = Source()
    source.take(0, [made("A", clock(10)), made("B", clock(10, 4, 59))])
    found = source.widgets()
    assert found is not None
    assert found[0]["symbols"].keys() == {"A", "B"}
    source.take(1, [made("B", clock(10, 5))])
    found = source.widgets()
    assert found is not None
    assert found[0]["symbols"].keys() == {"B"}


def test_a_hundred_symbols_have_a_feed_of_their_own() -> None:
    source = Source()
    source.take(0, [made(f"S{n:03}", clock(10), 1 + n % 60) for n in range(150)])
    found = source.widgets()
    assert found is not None
    ranked = sorted(range(150), key=lambda n: (-(1 + n % 60), n))
    assert list(found[1]) == [f"S{n:03}" for n in ranked[:100]]


def test_an_odd_lot_counts_but_sets_no_price() -> None:
    source = Source()
    source.take(0, [made("A", clock(10), 100, 10.0), made("A", clock(10, 0, 1), 5, 11.0, c=[37])])
    found = source.widgets()
    assert found is not None
    stats = found[0]["symbols"]["A"]
    assert (stats["total_volume"], stats["latest_price"], stats["latest_timestamp"]) == (105, 10.0, clock(10))


def test_the_last_trade_is_passed_on_as_it_came() -> None:
    source = Source()
    trade = made("A", clock(10), i="77", z=3, q=5, further={"un": "known"})
    source.take(0, [trade])
    assert [(symbol, json.loads(raw)) for symbol, raw in source.trades.last_trades()] == [("A", trade)]


def test_a_trade_of_tomorrow_is_not_believed() -> None:
    source = Source()
    source.take(0, [made("A", clock(10))], clock(10))
    source.take(1, [made("A", clock(10) + 86_400_000), made("A", clock(10, 1))], clock(10, 1))
    found = source.widgets()
    assert found is not None
    assert (found[0]["timestamp"], found[0]["symbols"]["A"]["trade_count"]) == (clock(10, 1), 2)
    assert source.counters.by_reason("events_ignored") == {"from_the_future": 1}


def test_a_delivered_batch_does_not_count_again() -> None:
    source = Source()
    batch = [made("A", clock(10)), made("B", clock(10))]
    source.take(7, batch)
    source.take(7, batch)
    check(source, [batch])


def test_fractional_shares_count() -> None:
    source = Source()
    batch = [made("A", clock(10), 0.5), made("A", clock(10), 1.25)]
    source.take(0, batch)
    check(source, [batch])


trades = st.builds(
    made,
    st.sampled_from(["A", "B", "C.D"]),
    st.one_of(
        st.integers(clock(9, 25), clock(9, 35)),
        st.integers(clock(15, 50), clock(16, 10)),
        st.integers(clock(3), clock(4, 30)),
        st.integers(clock(24 - 1), clock(24 - 1) + 6 * 3_600_000),
    ),
    st.one_of(st.integers(0, 2_000), st.sampled_from([0.25, 12.5])),
    st.floats(0.01, 900, allow_nan=False),
    c=st.one_of(
        st.none(),
        st.lists(st.sampled_from([0, 2, 10, 12, 14, 15, 16, 22, 33, 37, 38, 41, 53, 99]), max_size=3),
    ),
)


@settings(deadline=None, max_examples=150)
@given(batches=st.lists(st.lists(trades, min_size=1, max_size=8), min_size=1, max_size=12))
def test_windows_equal_the_brute_force(batches: list[list[Json]]) -> None:
    if not any(
        len(set(trade["c"] or ()) & brute_force.NO_VOLUME) == 0 for batch in batches for trade in batch
    ):
        return
    source = Source()
    for offset, batch in enumerate(batches):
        source.take(offset, batch)
    check(source, batches)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    crashes=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 40)), max_size=5),
    flush_every=st.integers(1, 9),
)
def test_windows_are_exact_whatever_crashes(
    seed: int, crashes: list[tuple[int, int]], flush_every: int
) -> None:
    # A crash keeps what was written, all of it or its first rows, and delivers from the committed offset.
    made_by = random.Random(seed)
    batches = [
        [
            made(
                made_by.choice("AAAAB"),
                clock(10) + number * 500 + made_by.randrange(900),
                made_by.randrange(1, 500),
                c=made_by.choice([None, [37], [14, 41], [10]]),
            )
            for _ in range(made_by.randrange(1, 150))
        ]
        for number in range(60)
    ]
    assert sum(map(len, batches)) > 2 * WINDOW
    source = Source()
    for crash_at, torn in [*crashes, (len(batches), None)]:
        for offset in range(source.committed, crash_at):
            source.take(offset, batches[offset])
            if offset % flush_every == 0:
                source.flush()
        source.flush(torn)
        source.start()
    for offset in range(source.committed, len(batches)):
        source.take(offset, batches[offset])
    check(source, batches)
