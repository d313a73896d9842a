"""Reference data put together from daily bars, splits, floats and listings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from streams.reference.averages import FreeFloat, Listing, PastSession, assemble
from streams.reference.daily_bar import DailyBar
from streams.reference.model import Reference
from streams.reference.splits import Split, Splits

DAY = date(2026, 11, 20)


def bar(volume: float | None, close: float = 10.0) -> DailyBar:
    return DailyBar(9.0, 11.0, 8.0, close, volume, 9.5)


def by_symbol(
    sessions: Sequence[Mapping[str, DailyBar]],
    floats: Mapping[str, FreeFloat] | None = None,
    splits: Sequence[Split] = (),
    listings: Mapping[str, Listing] | None = None,
) -> dict[str, Reference]:
    past = [PastSession(DAY - timedelta(days=ago), bars) for ago, bars in enumerate(sessions, 1)]
    made = assemble(7, past, Splits(splits, DAY), floats or {}, listings or {}, {})
    return {reference.symbol: reference for reference in made}


def test_the_previous_day_is_the_newest_session() -> None:
    known = by_symbol([{"A": bar(100, close=5.0)}, {"A": bar(300, close=4.0)}])
    assert (known["A"].prev_day_close, known["A"].prev_day_volume, known["A"].day_ms) == (5.0, 100, 7)


def test_the_average_is_over_the_sessions_that_the_symbol_traded_in() -> None:
    known = by_symbol([{"A": bar(100)}, {}, {"A": bar(300)}])
    assert known["A"].avg_volume == 200


def test_a_symbol_without_a_bar_in_the_newest_session_has_no_previous_day() -> None:
    known = by_symbol([{}, {"A": bar(300)}], {"A": FreeFloat(1_000.0, None)})
    assert (known["A"].prev_day_close, known["A"].avg_volume, known["A"].free_float) == (None, 300, 1_000.0)


def test_where_the_vendor_knows_nothing_there_is_nothing() -> None:
    assert by_symbol([{}]) == {}


def test_a_split_on_the_day_itself_changes_the_previous_day_and_every_volume() -> None:
    split = Split("A", DAY, 4.0)
    known = by_symbol([{"A": bar(100, close=40.0)}, {"A": bar(300)}], splits=[split])["A"]
    assert (known.prev_day_close, known.prev_day_high, known.prev_day_vwap) == (10.0, 2.75, 2.375)
    assert (known.prev_day_volume, known.avg_volume) == (400, 800)


def test_a_split_in_between_changes_only_the_volumes_before_it() -> None:
    split = Split("A", DAY - timedelta(days=1), 0.1)
    known = by_symbol([{"A": bar(100, close=40.0)}, {"A": bar(3_000)}], splits=[split])["A"]
    assert (known.prev_day_close, known.prev_day_volume, known.avg_volume) == (40.0, 100, 200)


def test_other_symbols_do_not_split_along() -> None:
    assert by_symbol([{"A": bar(100, close=40.0)}], splits=[Split("B", DAY, 4.0)])["A"].prev_day_close == 40.0


def test_a_float_counted_before_a_split_is_unknown() -> None:
    splits = [Split("A", DAY, 4.0), Split("B", DAY, 4.0), Split("C", DAY, 4.0)]
    before, on_the_day = DAY - timedelta(days=1), DAY
    floats = {
        "A": FreeFloat(9.0, before),
        "B": FreeFloat(9.0, on_the_day),
        "C": FreeFloat(9.0, None),
        "D": FreeFloat(9.0, before),
    }
    known = by_symbol([], floats, splits)
    assert {symbol: each.free_float for symbol, each in known.items()} == {
        "A": None,
        "B": 9.0,
        "C": 9.0,
        "D": 9.0,
    }


def test_a_symbol_that_is_only_listed_is_known_for_what_it_is() -> None:
    known = by_symbol([], listings={"A": Listing("ETF", None)})["A"]
    assert (known.security_type, known.exchange, known.prev_day_close) == ("ETF", None, None)
