"""Which rows stand on a user-defined board, in which order; in one stage or in two."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.scanner.columns import Columns
from streams.scanner.measures import NUMBERS, TEXTS
from streams.scanner.partial import Partial, decode, encode, make_partial
from streams.scanner.row import Row
from streams.scanner.screener import Choice, Conditions, Range, Screener
from streams.scanner.screener_boards import PATIENCE_S, ScreenerBoards
from streams.scanner.screener_rule import Rule
from streams.scanner.shortlist import Shortlists
from streams.sessions import Session
from tests.scanner.market_rows import Listing, make_row, markets

VOLUME = Screener("volume", "volume", True, 100)
UNKNOWN = (
    Conditions((Range("float", None, 10),)),
    Conditions((), (Choice("exchange", ("XNAS",)),)),
    Conditions((), (Choice("exchange", ("XNAS",), negated=True),)),
)
BY_PRICE = Screener("by_price", "price", True, 9)


def key(row: Row, session: Session = Session.REGULAR, **definition: object) -> float | None:
    rule = Rule(msgspec.structs.replace(BY_PRICE, **definition))
    rows = Columns(rule.fields)
    rows.put([(row, session, 1)])
    return {symbol: found for found, symbol in rule.best(rows, 1)}.get(row.symbol)


def listing(symbol: str, volume: float = 1.0, day_ms: int = 1) -> Listing:
    return Listing(make_row(symbol, accumulated_volume=volume), Session.REGULAR, day_ms)


def partial(number: int, listings: Sequence[Listing], *screeners: Screener) -> Partial:
    """Return what a partition sends, as it arrives."""
    standings = {each.row.symbol: each.standing for each in listings}
    shortlists = Shortlists()
    shortlists.define(screeners, standings)
    made = shortlists.make(standings, {each.row.symbol: each.state for each in listings})
    return decode(encode(make_partial(number, 1, standings, made)))


def symbols(board: bytes) -> list[str]:
    return [row["symbol"] for row in json.loads(board)]


@pytest.mark.parametrize(("price", "passes"), [(0.99, False), (1.0, True), (20.0, True), (20.01, False)])
def test_both_bounds_are_included(price: float, passes: bool) -> None:
    found = key(make_row("A", close=price), all=Conditions((Range("price", 1, 20),)))
    assert (found is not None) is passes


def test_an_unknown_value_passes_no_filter() -> None:
    row = make_row("A")
    for conditions in UNKNOWN:
        assert key(row, all=conditions) is None
        assert key(row, any=conditions) is None


def test_an_unknown_value_is_none_of_those_that_must_not_be() -> None:
    assert all(key(make_row("A"), none=conditions) is not None for conditions in UNKNOWN)


def test_an_unknown_value_has_no_place_in_the_order() -> None:
    assert key(make_row("A"), sort="pct_change") is None


def test_what_may_not_be_is_left_out() -> None:
    no_funds = Conditions((), (Choice("security_type", ("ETF", "ETN"), negated=True),))
    assert key(make_row("A", security_type="ETF"), all=no_funds) is None
    assert key(make_row("A", security_type="CS"), all=no_funds) is not None


def test_a_session_is_that_of_the_newest_bar() -> None:
    early = (Session.PRE_MARKET,)
    assert key(make_row("A"), Session.PRE_MARKET, sessions=early) is not None
    assert key(make_row("A"), Session.REGULAR, sessions=early) is None


def test_volume_is_the_days_and_bar_volume_the_newest_bars() -> None:
    row = make_row("A", accumulated_volume=9.0, volume=2.0)
    assert (NUMBERS["volume"](row), NUMBERS["bar_volume"](row)) == (9.0, 2.0)


def test_numbers_made_of_several_fields() -> None:
    row = make_row(
        "A", official_open_price=12.0, prev_day_close=10.0, accumulated_volume=6.0, aggregate_vwap=2.0,
        free_float=3.0,
    )  # fmt: skip
    assert NUMBERS["pct_gap"](row) == 20.0
    assert NUMBERS["dollar_volume"](row) == 12.0
    assert NUMBERS["float_rotation"](row) == 2.0


@pytest.mark.parametrize("name", ["pct_gap", "dollar_volume", "float_rotation"])
def test_they_are_unknown_where_one_of_the_fields_is(name: str) -> None:
    assert NUMBERS[name](make_row("A")) is None
    assert NUMBERS[name](make_row("A", official_open_price=1.0, prev_day_close=0.0, free_float=0.0)) is None


def test_a_version_tells_definitions_apart() -> None:
    other = Screener("volume", "volume", True, 99)
    assert VOLUME.version == Screener("volume", "volume", True, 100).version != other.version


def test_only_rows_that_changed_are_looked_at_again() -> None:
    standings, states = {"A": listing("A", 1).standing}, {"A": listing("A").state}
    shortlists = Shortlists()
    shortlists.define([VOLUME], standings)
    assert shortlists.make(standings, states)[0].best == [(-1.0, "A")]
    standings["B"], states["B"] = listing("B", 2).standing, listing("B").state
    assert shortlists.make(standings, states)[0].best == [(-1.0, "A")]
    shortlists.changed["B"] = listing("B", 2).row
    assert shortlists.make(standings, states)[0].best == [(-2.0, "B"), (-1.0, "A")]


def test_of_many_rows_with_one_key_the_first_symbols_stay() -> None:
    market = [listing(f"S{number:03}", volume=number % 2) for number in range(300)]
    (best,) = partial(0, market, msgspec.structs.replace(VOLUME, size=200)).shortlists
    odd = [(-1.0, f"S{number:03}") for number in range(1, 300, 2)]
    even = [(-0.0, f"S{number:03}") for number in range(0, 100, 2)]
    assert best.best == odd + even


def test_a_row_that_no_longer_passes_leaves() -> None:
    standings, states = {"A": listing("A", 1).standing}, {"A": listing("A").state}
    shortlists = Shortlists()
    shortlists.define([Screener("a", "price", True, 9, Conditions((Range("volume", None, 5),)))], standings)
    assert shortlists.make(standings, states)[0].best == [(-1.0, "A")]
    shortlists.changed["A"] = listing("A", 6).row
    assert shortlists.make(standings, states)[0].best == []


def test_no_board_before_every_partition_was_heard_of() -> None:
    assert ScreenerBoards().changes([], 0) == {}


def test_a_board_is_published_when_it_changes() -> None:
    boards, first = ScreenerBoards(), [partial(0, [listing("A")], VOLUME)]
    assert symbols(boards.changes(first, 0)["volume"]) == ["A"]
    assert boards.changes(first, 1) == {}
    assert boards.changes([partial(0, [listing("A")], VOLUME)], 1) == {}
    assert symbols(boards.changes([partial(0, [listing("B")], VOLUME)], 2)["volume"]) == ["B"]


def test_all_boards_are_published_again_after_a_rebalance() -> None:
    boards, first = ScreenerBoards(), [partial(0, [listing("A")], VOLUME)]
    board = boards.changes(first, 0)
    boards.forget()
    assert boards.changes(first, 1) == board


def test_two_definitions_are_never_mixed() -> None:
    other = Screener("volume", "volume", False, 100)
    boards = ScreenerBoards()
    old = [partial(0, [listing("A", 1)], VOLUME), partial(1, [listing("B", 2)], VOLUME)]
    new = [partial(0, [listing("A", 1)], other), partial(1, [listing("B", 2)], other)]
    assert symbols(boards.changes(old, 0)["volume"]) == ["B", "A"]
    assert boards.changes([new[0], old[1]], 1) == {}
    assert symbols(boards.changes(new, 2)["volume"]) == ["A", "B"]


def test_a_board_that_stays_disputed_is_emptied_until_the_partitions_agree() -> None:
    boards, agreed = ScreenerBoards(), [partial(number, [listing("A")], VOLUME) for number in (0, 1)]
    disputed = [agreed[0], partial(1, [listing("B")])]
    boards.changes(agreed, 0)
    assert (boards.changes(disputed, 1), boards.disputed) == ({}, [])
    assert boards.changes(disputed, PATIENCE_S) == {}
    assert (boards.changes(disputed, 1 + PATIENCE_S), boards.disputed) == ({"volume": b"[]"}, ["volume"])
    assert boards.changes(disputed, 2 + PATIENCE_S) == {}
    assert boards.changes(agreed, 3 + PATIENCE_S).keys() == {"volume"}
    assert boards.disputed == []


def test_a_board_that_was_removed_is_emptied_once() -> None:
    boards = ScreenerBoards()
    boards.changes([partial(0, [listing("A")], VOLUME)], 0)
    assert boards.changes([partial(0, [listing("A")])], 1) == {"volume": b"[]"}
    assert boards.removed == {"volume"}
    assert boards.changes([partial(0, [listing("B")])], 2) == {}
    assert symbols(boards.changes([partial(0, [listing("B")], VOLUME)], 3)["volume"]) == ["B"]
    assert boards.removed == set()


def test_a_board_of_which_only_clients_know_is_emptied() -> None:
    boards, partials = ScreenerBoards(), [partial(0, [listing("A")], VOLUME)]
    boards.changes(partials, 0)
    boards.expect(["volume", "of_yesterday"])
    assert boards.changes(partials, 1) == {"of_yesterday": b"[]"}


FIELDS = ["price", "volume", "bar_volume", "float", "relative_volume", "pct_change", "change", "pct_gap",
          "avg_volume", "dollar_volume", "float_rotation"]  # fmt: skip
bounds = st.none() | st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 100.0])
conditions = st.builds(
    Conditions,
    st.lists(st.builds(Range, st.sampled_from(FIELDS), bounds, bounds), max_size=2).map(tuple),
    st.lists(
        st.builds(
            Choice,
            st.sampled_from(["security_type", "exchange"]),
            st.lists(st.sampled_from(["CS", "ETF", "XNAS"]), min_size=1).map(tuple),
            st.booleans(),
        ),
        max_size=1,
    ).map(tuple),
)
screeners = st.builds(
    Screener,
    name=st.just("drawn"),
    sort=st.sampled_from(FIELDS),
    descending=st.booleans(),
    size=st.sampled_from([1, 2, 3, 500]),
    all=conditions,
    any=conditions,
    none=conditions,
    sessions=st.lists(st.sampled_from(Session), max_size=2).map(tuple),
)


def answers(listing: Listing, asked: Conditions) -> list[bool]:
    """Return for each condition whether it holds."""
    found = []
    for bound in asked.ranges:
        value = NUMBERS[bound.field](listing.row)
        above = value is not None and (bound.minimum is None or value >= bound.minimum)
        found.append(above and (bound.maximum is None or (value or 0) <= bound.maximum))
    for choice in asked.choices:
        text = TEXTS[choice.field](listing.row)
        found.append(text is not None and (text not in choice.values) == choice.negated)
    return found


def brute_force(market: Sequence[Listing], screener: Screener) -> list[dict[str, Any]]:
    """Return a board's rows: every row asked every question, in plain Python."""
    today = max((each.day_ms for each in market), default=0)
    kept: list[tuple[float, str, Listing]] = []
    for each in market:
        questions = [
            each.day_ms == today,
            not screener.sessions or each.session in screener.sessions,
            all(answers(each, screener.all)),
            any(some := answers(each, screener.any)) or not some,
            not any(answers(each, screener.none)),
        ]
        score = NUMBERS[screener.sort](each.row)
        if all(questions) and score is not None:
            kept.append((-score if screener.descending else score, each.row.symbol, each))
    kept.sort(key=lambda each: each[:2])
    return [
        {"rank": rank, **json.loads(each.standing.row)}
        for rank, (_, _, each) in enumerate(kept[: screener.size], 1)
    ]


@settings(max_examples=300, deadline=None)
@given(markets, screeners, st.integers(1, 4), st.randoms())
def test_two_stages_select_and_rank_as_a_brute_force_does_whatever_the_partitions(
    market: list[Listing], screener: Screener, partitions: int, random: Random
) -> None:
    parts: list[list[Listing]] = [[] for _ in range(partitions)]
    for each in market:
        parts[random.randrange(partitions)].append(each)
    boards = ScreenerBoards().changes(
        [partial(number, part, screener, VOLUME) for number, part in enumerate(parts)], 0
    )
    assert json.loads(boards["drawn"]) == brute_force(market, screener)
    assert json.loads(boards["volume"]) == brute_force(market, VOLUME)
