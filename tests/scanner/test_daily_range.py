"""The daily range and its alerts, by example and against a brute force."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, time
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events import Aggregate, MinuteAggregate
from streams.scanner import alert
from streams.scanner.alert import make_alert
from streams.scanner.alert_list import AlertList
from streams.scanner.daily_range import with_range
from streams.scanner.symbol import SymbolState, SymbolStates
from streams.sessions import MarketCalendar
from streams.state.partition import Partition
from streams.telemetry import Counters
from tests.scanner.brute_force import NEW_YORK, Arrival, Json
from tests.scanner.brute_range import alerts, listed, ranges

CALENDAR = MarketCalendar()
TUESDAY, WEDNESDAY = date(2017, 7, 11), date(2017, 7, 12)
HALF_DAY, HOLIDAY = date(2017, 7, 3), date(2017, 7, 4)
to_bar = msgspec.json.Decoder(Aggregate | MinuteAggregate).decode
encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(SymbolState).decode


def event(day: date, clock: time, symbol: str = "A", **fields: Any) -> Json:  # noqa: ANN401  an event's fields
    start = int(datetime.combine(day, clock, NEW_YORK).timestamp() * 1000)
    return {"ev": "A", "sym": symbol, "av": 1, "c": 10.0, "s": start, "e": start + 1000, **fields}


class Unacknowledged:
    """An event whose acknowledgement is nobody's concern."""

    def ack(self) -> bool:
        """Do nothing."""
        return True


class Replayed:
    """A partition's states as its workers keep them, one after another."""

    def __init__(self, batches: list[list[Json]]) -> None:
        self.batches = [[to_bar(json.dumps(each)) for each in batch] for batch in batches]
        self.partition: Partition[SymbolState] = Partition(0, {})
        self.alerts: dict[str, Json] = {}
        self.written = 0
        self.safe: dict[str, bytes] = {}

    def apply(self, start: int, stop: int) -> None:
        """Apply some batches; rows that hold them skip them."""
        states = SymbolStates(self.partition.rows, CALENDAR, Counters())
        for offset in range(start, stop):
            bars = self.batches[offset]
            self.partition.take(offset, Unacknowledged())
            if self.partition.replays(offset):
                bars = [bar for bar in bars if not self.partition.holds(bar.sym, offset)]
            for breakout in states.apply(bars, offset, None):
                made = json.loads(make_alert(breakout, 0, offset, None))
                assert self.alerts.setdefault(made["id"], made) == made
                self.written += 1

    def crash(self, safe: Iterable[str]) -> None:
        """Come back with the rows of some symbols as they are now, and of the others as they were before."""
        self.safe |= {symbol: encode_state(self.partition.rows[symbol]) for symbol in safe}
        self.partition = Partition(0, {symbol: decode_state(row) for symbol, row in self.safe.items()})

    def flush(self) -> None:
        """Make safe what changed since the last time."""
        due = self.partition.begin_flush()
        self.safe |= {symbol: encode_state(row) for symbol, row in self.partition.unsafe()}
        if due is not None:
            self.partition.end_flush(due)

    def ranges(self) -> dict[str, Json]:
        """Return the bounds of all symbols."""
        return {symbol: msgspec.to_builtins(row.bounds) for symbol, row in self.partition.rows.items()}

    def told(self) -> list[Json]:
        """Return the alerts without their ids."""
        return [
            {name: value for name, value in each.items() if name != "id"} for each in self.alerts.values()
        ]


def replay(*batches: list[Json]) -> Replayed:
    replayed = Replayed(list(batches))
    replayed.apply(0, len(batches))
    return replayed


def in_order(found: Iterable[Json]) -> list[Json]:
    return [*listed(found, "high"), *listed(found, "low")]


MOMENTS = [
    (day, clock)
    for day in (
        HALF_DAY, HOLIDAY, date(2017, 7, 8),
        date(2017, 3, 10), date(2017, 3, 12), date(2017, 3, 13),
        date(2017, 11, 3), date(2017, 11, 5), date(2017, 11, 6),
    )
    for clock in (
        time(0, 30), time(3, 59, 59), time(4), time(9, 29, 59), time(9, 30), time(12, 59, 59), time(13),
        time(15, 59, 59), time(16), time(19, 59, 59), time(20), time(23),
    )
]  # fmt: skip
"""Around all bounds of sessions: an early close, a holiday, weekends, both changes of the clocks."""
amounts = st.sampled_from([0, 0.5, 0.9999, 1.0, 2, 3.5, 10.0, 11, 12.25])
one_day = st.sampled_from([each for each in MOMENTS if each[0] == HALF_DAY])
any_day = st.sampled_from(MOMENTS)


@st.composite
def events(draw: st.DrawFn, moments: st.SearchStrategy[tuple[date, time]]) -> Json:
    day, clock = draw(moments)
    made = event(day, clock, draw(st.sampled_from("AB")), c=draw(amounts))
    for name in "ohl":
        price = draw(st.one_of(st.none(), amounts))
        if price is not None:
            made[name] = price
    return made


batches = st.one_of(
    st.lists(st.lists(events(one_day), max_size=5), max_size=12),
    st.lists(st.lists(events(any_day), max_size=5), max_size=12),
)


@settings(deadline=None)
@given(batches)
def test_ranges_and_alerts_of_any_events_are_those_of_a_brute_force(batches: list[list[Json]]) -> None:
    replayed = replay(*batches)
    arrivals = [Arrival(each) for batch in batches for each in batch]
    assert replayed.ranges() == ranges(arrivals)
    assert in_order(replayed.told()) == in_order(alerts(arrivals))
    assert replayed.written == len(replayed.alerts)


@settings(deadline=None)
@given(batches, st.data())
def test_a_crash_at_any_time_changes_neither_ranges_nor_alerts_nor_their_ids(
    batches: list[list[Json]], data: st.DataObject
) -> None:
    undisturbed = replay(*batches)
    replayed = Replayed(batches)
    reached = 0
    for _ in range(data.draw(st.integers(1, 3))):
        flushed = reached
        for _ in range(data.draw(st.integers(1, 3))):
            upto = data.draw(st.integers(flushed, len(batches)))
            replayed.apply(flushed, upto)
            replayed.flush()
            flushed = upto
        crashed = data.draw(st.integers(flushed, len(batches)))
        replayed.apply(flushed, crashed)
        replayed.crash(symbol for symbol in list(replayed.partition.rows) if data.draw(st.booleans()))
        reached = data.draw(st.integers(0, flushed))
    replayed.apply(reached, len(batches))
    assert replayed.ranges() == undisturbed.ranges()
    assert replayed.alerts == undisturbed.alerts


@settings(deadline=None)
@given(batches, st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_list_depends_on_neither_the_order_of_its_alerts_nor_on_repeated_ones(
    batches: list[list[Json]],
    random: Random,
    bound: int,
) -> None:
    highs = [each for each in replay(*batches).alerts.values() if each["direction"] == "high"]
    values = [json.dumps(each).encode() for each in highs] * 2
    random.shuffle(values)
    made = AlertList(bound)
    for value in values:
        made.add(alert.decode(value), value)
    expected = sorted(highs, key=lambda each: (each["timestamp"], each["symbol"], each["hits"], each["id"]))
    assert [json.loads(value) for value in made.values()] == expected[::-1][:bound]


def test_the_first_print_of_a_session_raises_no_alert() -> None:
    replayed = replay(
        [event(TUESDAY, time(9, 29), h=11, l=9), event(TUESDAY, time(9, 30), h=12, l=8)],
        [event(TUESDAY, time(16), h=13, l=7), event(WEDNESDAY, time(4), h=14, l=6)],
    )
    assert replayed.alerts == {}


def test_an_alert_carries_the_row_as_of_its_bar() -> None:
    (made,) = replay(
        [
            event(TUESDAY, time(10), o=9.5, h=10, l=9),
            event(TUESDAY, time(10, 0, 1), c=10.5, h=11, l=10),
            event(TUESDAY, time(10, 0, 2), c=10.25, h=10.5, l=10),
        ]
    ).alerts.values()
    assert made["session"] == "regular"
    assert (made["direction"], made["price"], made["previous"]) == ("high", 11, 10)
    assert made["timestamp"] == made["end_timestamp"] / 1000
    assert (made["symbol"], made["open"], made["close"], made["hits"]) == ("A", 9.5, 10.5, 1)


@pytest.mark.parametrize(
    ("pre_market", "regular", "price", "note"),
    [
        (15.0, None, 16.0, "Broke pre-market high of $15.00"),
        (15.0, None, 15.0, ""),
        (0.98765, None, 2.0, "Broke pre-market high of $0.9877"),
        (15.0, 16.0, 17.0, "Broke regular session high of $16.00"),
        (15.0, 18.0, 17.0, "Broke pre-market high of $15.00"),
        (None, 18.0, 17.0, ""),
    ],
)
def test_the_note_names_the_first_earlier_session_whose_bound_was_broken(
    pre_market: float | None, regular: float | None, price: float, note: str
) -> None:
    session = time(10) if regular is None else time(17)
    bars = [event(TUESDAY, session, h=0.5, l=0.1), event(TUESDAY, session, h=price, l=0.1)]
    if regular is not None:
        bars.insert(0, event(TUESDAY, time(11), h=regular, l=0.1))
    if pre_market is not None:
        bars.insert(0, event(TUESDAY, time(8), h=pre_market, l=0.1))
    assert [made["note"] for made in replay(bars).alerts.values()] == [note]


def test_a_pre_market_bar_that_comes_after_the_open_counts_for_the_pre_market() -> None:
    replayed = replay(
        [event(TUESDAY, time(9), h=10, l=10), event(TUESDAY, time(9, 30), h=20, l=20)],
        [event(TUESDAY, time(9, 29), h=11, l=10)],
    )
    assert replayed.ranges()["A"]["pre_market_high"] == 11
    (made,) = replayed.alerts.values()
    assert (made["session"], made["price"], made["close"]) == ("pre_market", 11, 10)


def test_a_late_bar_that_widens_the_range_stamps_the_row() -> None:
    replayed = replay([event(TUESDAY, time(10), h=10, l=9)], [event(TUESDAY, time(9, 59), h=11, l=9)])
    assert replayed.partition.rows["A"].offset == 1


def test_a_price_of_zero_is_none() -> None:
    replayed = replay(
        [event(TUESDAY, time(10), h=10, l=9), event(TUESDAY, time(10, 0, 1), h=11, l=0)],
        [event(TUESDAY, time(10, 0, 2), h=10, l=8)],
    )
    assert replayed.ranges()["A"]["regular_session_low"] == 8


def test_on_a_half_day_after_hours_begin_at_its_close() -> None:
    found = replay(
        [event(HALF_DAY, time(12, 59, 59), h=5, l=5), event(HALF_DAY, time(13), h=6, l=6)]
    ).ranges()
    assert (found["A"]["regular_session_high"], found["A"]["after_hours_high"]) == (5, 6)


@pytest.mark.parametrize(("day", "clock"), [(TUESDAY, time(20)), (HOLIDAY, time(11))])
def test_outside_of_sessions_there_is_no_range(day: date, clock: time) -> None:
    found = replay([event(day, clock, h=5, l=5), event(day, clock, h=6, l=6)])
    assert set(found.ranges()["A"].values()) == {None}
    assert found.alerts == {}


def test_the_range_of_the_day_is_spliced_into_the_row() -> None:
    bounds = replay([event(TUESDAY, time(4), h=5, l=4)]).partition.rows["A"].bounds
    assert json.loads(with_range(b'{"symbol":"A","close":4.5}', bounds)) == {
        "symbol": "A",
        "close": 4.5,
        "pre_market_high": 5,
        "pre_market_low": 4,
        "regular_session_high": None,
        "regular_session_low": None,
        "after_hours_high": None,
        "after_hours_low": None,
    }
