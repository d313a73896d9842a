"""A symbol's row: what is computed, and what is unknown."""

from __future__ import annotations

import math

import msgspec

from streams.events import Aggregate
from streams.reference.model import KnownReference, Reference
from streams.scanner.daily_range import DailyRange
from streams.scanner.row import Row, make_row
from streams.scanner.symbol import SymbolState
from streams.sessions import Session
from streams.volume_curve import make_curve

BAR = Aggregate(
    sym="A", av=5_000, c=12.0, s=1_000, e=2_000, v=100, op=11.5, vw=11.9, o=11.8, h=12.1, l=11.7, a=11.6, z=50
)
STATE = SymbolState(
    offset=0,
    day_ms=1,
    since_ms=1,
    open=10.0,
    last=BAR,
    bounds=DailyRange(),
    session=Session.CLOSED,
    session_since_ms=1,
    session_until_ms=9,
    high=math.inf,
    low=-math.inf,
)
REFERENCE = Reference(symbol="A", day_ms=1, prev_day_close=8.0, avg_volume=2_500, free_float=1_000_000)


def row(reference: Reference | None, state: SymbolState = STATE) -> Row:
    return make_row("A", state, reference)


def test_change_compares_with_the_previous_close() -> None:
    assert (row(REFERENCE).change, row(REFERENCE).pct_change) == (4.0, 50.0)


def test_change_since_open_compares_with_the_baseline() -> None:
    assert (row(None).change_since_open, row(None).pct_change_since_open) == (2.0, 20.0)


def test_relative_volume_compares_with_an_average_day() -> None:
    assert row(REFERENCE).relative_volume == 2.0


def test_without_reference_data_what_needs_it_is_unknown() -> None:
    unknown = row(None)
    assert (unknown.change, unknown.pct_change, unknown.relative_volume, unknown.free_float) == (None,) * 4


def test_what_a_symbol_is_and_where_it_is_listed_come_from_reference_data() -> None:
    listed = msgspec.structs.replace(REFERENCE, security_type="ETF", exchange="ARCX")
    assert (row(listed).security_type, row(listed).exchange) == ("ETF", "ARCX")
    assert (row(REFERENCE).security_type, row(None).exchange) == (None, None)


def test_volume_compares_with_what_is_usual_up_to_the_time_of_day() -> None:
    four = 1_499_760_000_000
    at_ten = msgspec.structs.replace(STATE, last=msgspec.structs.replace(BAR, e=four + 6 * 3_600_000))
    curve = make_curve([(0, 1_000), (5 * 3_600_000, 1_500), (7 * 3_600_000, 90_000)])
    known = msgspec.structs.replace(REFERENCE, day_ms=four, volume_curve=curve)
    assert row(known, at_ten).relative_volume_tod == 2.0
    assert row(REFERENCE, at_ten).relative_volume_tod is None
    nothing = msgspec.structs.replace(known, volume_curve=make_curve([(7 * 3_600_000, 90_000)]))
    assert row(nothing, at_ten).relative_volume_tod is None


def test_a_previous_close_of_zero_gives_no_percentage() -> None:
    zero = msgspec.structs.replace(REFERENCE, prev_day_close=0.0, avg_volume=0)
    assert (row(zero).pct_change, row(zero).relative_volume) == (None, None)


def test_a_percentage_beyond_all_numbers_is_unknown() -> None:
    tiny = msgspec.structs.replace(REFERENCE, prev_day_close=1e-320)
    assert (row(tiny).change, row(tiny).pct_change) == (12.0, None)


def test_the_bar_is_carried_under_the_clients_names() -> None:
    made = row(None)
    carried = (
        made.close,
        made.volume,
        made.accumulated_volume,
        made.vwap,
        made.aggregate_vwap,
        made.average_size,
    )
    assert carried == (12.0, 100, 5_000, 11.9, 11.6, 50)
    assert (made.high, made.low, made.official_open_price) == (12.1, 11.7, 11.5)
    assert (made.start_timestamp, made.end_timestamp) == (1_000, 2_000)


def test_reference_data_counts_for_its_own_day_only() -> None:
    tomorrow = msgspec.structs.replace(REFERENCE, day_ms=2)
    known = KnownReference(0, REFERENCE).followed_by(tomorrow, 1)
    assert (known.on(1), known.on(2), known.on(3)) == (REFERENCE, tomorrow, None)


def test_reference_data_of_an_earlier_day_does_not_replace_a_later_ones() -> None:
    yesterday = msgspec.structs.replace(REFERENCE, day_ms=0)
    known = KnownReference(0, REFERENCE).followed_by(yesterday, 1)
    assert (known.offset, known.on(1)) == (1, REFERENCE)
