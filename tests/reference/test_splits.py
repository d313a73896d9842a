"""Splits against brute force: shares carried over each day's opening, one day after the other."""

from __future__ import annotations

from datetime import date, timedelta
from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from streams.reference.daily_bar import DailyBar
from streams.reference.splits import Split, Splits

LAST = date(2026, 11, 20)
DAYS = [LAST - timedelta(days=ago) for ago in range(-3, 30)]
days = st.sampled_from(DAYS)
splits = st.lists(
    st.builds(Split, st.sampled_from("AB"), days, st.sampled_from([0.04, 0.1, 2 / 3, 1.05, 2.0, 4.0])),
    max_size=12,
)


def carried(told: set[Split], symbol: str, day: date) -> float:
    shares = 1.0
    while day < LAST:
        day += timedelta(days=1)
        for split in told:
            if split.symbol == symbol and split.execution_date == day:
                shares *= split.shares
    return shares


@given(told=splits, day=days, repeated=st.booleans())
def test_a_share_becomes_what_every_later_split_up_to_the_day_makes_of_it(
    told: list[Split], day: date, repeated: bool
) -> None:
    known = Splits([*told, *told] if repeated else told, LAST)
    for symbol in "ABC":
        assert isclose(known.shares(symbol, day), carried(set(told), symbol, day))


@given(told=splits, day=days)
def test_a_bar_keeps_its_value_in_dollars(told: list[Split], day: date) -> None:
    shares = Splits(told, LAST).shares("A", day)
    *prices, volume, vwap = DailyBar(9.0, 11.0, 8.0, 10.0, 700.0, None).in_shares(shares)
    assert volume is not None
    assert vwap is None
    for before, price in zip((9.0, 11.0, 8.0, 10.0), prices, strict=True):
        assert price is not None
        assert isclose(price * volume, before * 700)
