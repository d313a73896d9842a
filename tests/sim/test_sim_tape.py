from collections import Counter, defaultdict
from datetime import time
from typing import Any

import msgspec

from streams.events import BatchDecoder, StockEvent
from streams.sessions import at
from streams.sim.symbols import make_listings
from streams.sim.tape import Tape

from .conftest import DAY, MakeTape


def events_of(tape: Tape, seconds: int, rate: float = 3_000) -> list[dict[str, Any]]:
    frames = [frame for _ in range(seconds) for frame in tape.next_second(rate)]
    return [event for frame in frames for event in msgspec.json.decode(frame.payload)]


def test_the_same_seed_gives_the_same_bytes(make_tape: MakeTape) -> None:
    one, two = make_tape(), make_tape()
    for _ in range(5):
        assert [f.payload for f in one.next_second(3_000)] == [f.payload for f in two.next_second(3_000)]


def test_another_seed_gives_another_market(make_tape: MakeTape) -> None:
    assert events_of(make_tape(seed=1), 1) != events_of(make_tape(seed=2), 1)


def test_listings_are_unique_and_some_have_a_dot() -> None:
    listings = make_listings(8_000, 7)
    assert len({listing.symbol for listing in listings}) == 8_000
    assert "BRK.B" in {listing.symbol for listing in listings}


def test_activity_is_heavy_tailed() -> None:
    volumes = sorted((listing.avg_volume for listing in make_listings(8_000, 7)), reverse=True)
    assert sum(volumes[:800]) > sum(volumes[800:])


def test_every_event_is_one_that_the_platform_types(make_tape: MakeTape) -> None:
    decoder: BatchDecoder[Any] = BatchDecoder(StockEvent)
    tape = make_tape(halts=3_600)
    for _ in range(130):
        for frame in tape.next_second(2_000):
            events, rejected = decoder.decode(frame.payload)
            assert not rejected
            assert len(events) == sum(frame.counts.values())


def test_events_come_at_the_rate_asked_for(make_tape: MakeTape) -> None:
    tape = make_tape(symbols=8_000)
    events_of(tape, 2, 20_000)
    counts = Counter(event["ev"] for event in events_of(tape, 10, 20_000) if event["ev"] != "LULD")
    assert abs(counts.total() - 200_000) < 8_000
    assert 0.5 < counts["Q"] / counts.total() < 0.7
    assert 0.05 < counts["A"] / counts.total() < 0.15


def test_frames_hold_100_to_200_events(make_tape: MakeTape) -> None:
    sizes = [sum(f.counts.values()) for f in make_tape(symbols=8_000).next_second(20_000, 20)]
    assert all(80 <= size <= 220 for size in sizes)


def test_times_never_go_back(make_tape: MakeTape) -> None:
    times = [event["t"] for event in events_of(make_tape(), 3) if event["ev"] in "TQ"]
    assert times == sorted(times)


def test_sequence_numbers_are_unique_and_rise(make_tape: MakeTape) -> None:
    numbers = [event["q"] for event in events_of(make_tape(), 3) if "q" in event]
    assert numbers == sorted(set(numbers))


def test_bars_say_what_the_trades_said(make_tape: MakeTape) -> None:
    trades: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    totals: Counter[str] = Counter()
    bars = 0
    for event in events_of(make_tape(time(9, 29, 55)), 15):
        if event["ev"] == "T":
            trades[event["sym"], event["t"] // 1_000].append(event)
        elif event["ev"] == "A":
            bars += 1
            made_of = trades.pop((event["sym"], event["s"] // 1_000))
            prices, sizes = [t["p"] for t in made_of], [t["s"] for t in made_of]
            totals[event["sym"]] += sum(sizes)
            assert (event["o"], event["c"], event["h"], event["l"]) == (
                prices[0], prices[-1], max(prices), min(prices),
            )  # fmt: skip
            assert event["v"] == sum(sizes)
            assert event["av"] == totals[event["sym"]]
            assert event["e"] == event["s"] + 1_000
            vwap = sum(p * s for p, s in zip(prices, sizes, strict=True)) / sum(sizes)
            assert abs(event["vw"] - vwap) < 0.0002
    assert bars > 100


def test_minute_bars_sum_the_second_bars_up(make_tape: MakeTape) -> None:
    volumes: Counter[str] = Counter()
    minutes: dict[str, int] = {}
    for event in events_of(make_tape(), 61):
        if event["ev"] == "A" and event["e"] <= at(DAY, time(9, 32)):
            volumes[event["sym"]] += event["v"]
        elif event["ev"] == "AM":
            minutes[event["sym"]] = event["v"]
    assert minutes == dict(volumes)


def test_the_official_open_is_the_first_regular_trade(make_tape: MakeTape) -> None:
    opened_ms = at(DAY, time(9, 30))
    first: dict[str, float] = {}
    for event in events_of(make_tape(time(9, 29, 55)), 12):
        if event["ev"] == "T" and event["t"] >= opened_ms:
            first.setdefault(event["sym"], event["p"])
        elif event["ev"] == "A":
            assert event.get("op") == (first[event["sym"]] if event["s"] >= opened_ms else None)


def test_nothing_trades_while_it_is_halted(make_tape: MakeTape) -> None:
    halted: set[str] = set()
    halts = resumptions = 0
    for event in events_of(make_tape(halts=3_600), 420, 1_500):
        if event["ev"] == "LULD":
            if 17 in event["i"]:
                halted.add(event["T"])
                halts += 1
            elif 18 in event["i"]:
                halted.remove(event["T"])
                resumptions += 1
        elif event["ev"] in "TQ":
            assert event["sym"] not in halted
    assert halts > 100
    assert resumptions > 20


def test_trades_stay_within_the_bands(make_tape: MakeTape) -> None:
    bands: dict[str, tuple[float, float]] = {}
    for event in events_of(make_tape(), 60):
        if event["ev"] == "LULD":
            bands[event["T"]] = (event["l"], event["h"])
        elif event["ev"] == "T" and event["sym"] in bands:
            low, high = bands[event["sym"]]
            assert low <= event["p"] <= high


def test_quotes_are_never_crossed(make_tape: MakeTape) -> None:
    assert all(event["bp"] < event["ap"] for event in events_of(make_tape(), 5) if event["ev"] == "Q")


def test_pre_market_is_thinner(make_tape: MakeTape) -> None:
    early, regular = make_tape(time(8, 0)), make_tape(time(10, 0))
    assert len(events_of(early, 5)) < 0.5 * len(events_of(regular, 5))


def test_after_the_day_comes_the_next_session_with_a_gap(make_tape: MakeTape) -> None:
    tape = make_tape(time(19, 59, 58))
    events_of(tape, 2)
    before = tape.state
    events_of(tape, 1)
    # 20 November 2026 is a Friday.
    assert tape.state.clock_ms == at(DAY.replace(day=23), time(4, 0)) + 1_000
    assert tape.state.past[DAY].volume.sum() == before.bars.volume.sum() > 0
