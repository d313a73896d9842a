"""Reference data put together from daily bars and floats."""

from __future__ import annotations

from streams.reference.averages import DailyBar, assemble
from streams.reference.model import Reference


def bar(volume: float | None, close: float = 10.0) -> DailyBar:
    return DailyBar(9.0, 11.0, 8.0, close, volume, 9.5)


def by_symbol(
    day_ms: int, sessions: list[dict[str, DailyBar]], floats: dict[str, float]
) -> dict[str, Reference]:
    return {reference.symbol: reference for reference in assemble(day_ms, sessions, floats)}


def test_the_previous_day_is_the_newest_session() -> None:
    known = by_symbol(7, [{"A": bar(100, close=5.0)}, {"A": bar(300, close=4.0)}], {})
    assert (known["A"].prev_day_close, known["A"].prev_day_volume, known["A"].day_ms) == (5.0, 100, 7)


def test_the_average_is_over_the_sessions_that_the_symbol_traded_in() -> None:
    known = by_symbol(7, [{"A": bar(100)}, {}, {"A": bar(300)}], {})
    assert known["A"].avg_volume == 200


def test_a_symbol_without_a_bar_in_the_newest_session_has_no_previous_day() -> None:
    known = by_symbol(7, [{}, {"A": bar(300)}], {"A": 1_000.0})
    assert (known["A"].prev_day_close, known["A"].avg_volume, known["A"].free_float) == (None, 300, 1_000.0)


def test_where_the_vendor_knows_nothing_there_is_nothing() -> None:
    assert by_symbol(7, [{}], {}) == {}
