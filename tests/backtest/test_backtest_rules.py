"""A backtest against brute forces over the same events: boards, alerts and bars, however frames are cut."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtest.results import Results, backtested, boards_of, without_ids
from tests.bars import brute_force as brute_bars
from tests.bars.conftest import clock, minute, second, traded
from tests.scanner.brute_force import Arrival, Json, is_aggregate, is_believed, market
from tests.scanner.brute_range import alerts
from tests.scanner.conftest import at_ms, bar, messy_market, next_day, reference_data

RECEIVED_MS = at_ms(time(9, 34))


def cut(events: Sequence[object], seed: int) -> list[bytes]:
    """Return frames of some events each; some are empty."""
    random, frames, start = Random(seed), [], 0
    while start < len(events):
        end = start + random.choice([0, 1, 2, 7, 150])
        frames.append(json.dumps(events[start:end]).encode())
        start = end
    return frames


def check(results: Results, arrivals: list[Arrival], references: list[Json]) -> None:
    assert results.boards == boards_of(market(arrivals, references))
    assert results.told() == without_ids(alerts(arrivals, references))
    believed = [each.event for each in arrivals if is_aggregate(each.event) and is_believed(each)]
    minutes, found = brute_bars.bars(believed), results.bars_by_symbol()
    assert found.keys() == minutes.keys()
    assert all(brute_bars.same(found[symbol], bars) for symbol, bars in minutes.items())


def test_a_messy_market_and_the_next_day_in_a_second_file(tmp_path: Path) -> None:
    today, references = messy_market(21), reference_data(21)
    _, results = backtested(
        tmp_path, cut([each.event for each in today], 1), references=references, now_ms=RECEIVED_MS
    )
    check(results, today, references)

    tomorrow = next_day(21)
    received_ms = max(each.received_ms or 0 for each in tomorrow)
    both = [Arrival(each.event, received_ms) for each in [*today, *tomorrow]]
    _, results = backtested(
        tmp_path,
        cut([each.event for each in today], 2),
        cut([each.event for each in tomorrow], 3),
        references=references,
        now_ms=received_ms,
    )
    check(results, both, references)


def test_bars_of_days_that_are_over_are_written(tmp_path: Path) -> None:
    random, monday, tuesday = Random(1), at_ms(time(10)), at_ms(time(10)) + 86_400_000
    days = [
        [json.dumps([{**bar(random, start + 60_000 * n, "S1"), "ev": "A"}]).encode() for n in range(3)]
        for start in (monday, tuesday)
    ]
    _, results = backtested(tmp_path, *days)
    assert [each["t"] for each in results.bars] == [
        start + 60_000 * n for start in (monday, tuesday) for n in range(3)
    ]
    assert [each["final"] for each in results.bars] == [True, True, False] * 2


def test_trades_make_the_minutes_that_no_bar_tells(tmp_path: Path) -> None:
    random, start = Random(7), clock(9, 20)
    events = []
    for number in range(3_000):
        time_ms, symbol = start + number * 400, random.choice(["AAA", "BBB", "A B"])
        price, told = random.randrange(900, 1_100) / 100, random.random()
        if told < 0.02:
            events.append(minute(symbol, time_ms // 60_000 * 60_000, price))
        elif told < 0.04:
            events.append(second(symbol, time_ms // 1_000 * 1_000, price))
        else:
            conditions = random.choice([(), (), (12,), (37,), (32,)])
            events.append(traded(symbol, time_ms - random.randrange(90_000), price, 100, *conditions))
    _, results = backtested(tmp_path, cut(events, 3))
    expected, found = brute_bars.bars(events), results.bars_by_symbol()
    assert found.keys() == expected.keys()
    assert all(brute_bars.same(found[symbol], bars) for symbol, bars in expected.items())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 300))
def test_any_cut_into_frames_and_files_gives_the_same(market_seed: int, seed: int, files_at: int) -> None:
    events = [each.event for each in messy_market(market_seed, 300)]
    references = reference_data(1)
    with TemporaryDirectory() as name:
        folder = Path(name)
        _, whole = backtested(folder, [json.dumps(events).encode()], references=references)
        halves = (cut(events[:files_at], seed), cut(events[files_at:], seed + 1))
        _, cut_up = backtested(folder, *halves, references=references)
    assert cut_up.boards == whole.boards
    assert [{**alert, "id": ""} for alert in cut_up.alerts] == [{**alert, "id": ""} for alert in whole.alerts]
    assert cut_up.bars == whole.bars
