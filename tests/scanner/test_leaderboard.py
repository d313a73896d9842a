"""Which rows stand on a board, in which order; in one stage or in two."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import feeds
from streams.scanner.leaderboard import BOARDS, Board, Standing, rank, render
from streams.scanner.partial import Merger, Partial, decode, encode, make_partial

VOLUME, GAPPERS, GAINERS = BOARDS


def standing(
    symbol: str,
    volume: float = 1,
    pct_change: float | None = None,
    since_open: float | None = None,
    day_ms: int = 1,
    since_ms: int = 1,
) -> Standing:
    row = msgspec.json.encode({"symbol": symbol, "volume": volume})
    return Standing(symbol, day_ms, since_ms, volume, pct_change, since_open, row)


def partial(number: int, applied: int, *standings: Standing) -> Partial:
    return make_partial(number, applied, {each.symbol: each for each in standings})


def symbols(board: Board, *standings: Standing) -> list[str]:
    return [each.symbol for each in rank(standings, board)]


def test_the_greatest_volume_comes_first() -> None:
    assert symbols(VOLUME, standing("A", 1), standing("B", 2)) == ["B", "A"]


def test_ties_are_ordered_by_symbol() -> None:
    assert symbols(VOLUME, standing("B"), standing("C"), standing("A")) == ["A", "B", "C"]


def test_without_a_previous_close_a_symbol_is_no_gapper() -> None:
    assert symbols(GAPPERS, standing("A"), standing("B", pct_change=-1.0)) == ["B"]


def test_a_board_holds_500_rows() -> None:
    assert len(rank([standing(f"S{number}") for number in range(600)], VOLUME)) == 500


@pytest.mark.parametrize("board", BOARDS)
def test_no_symbol_of_an_earlier_day_stays(board: Board) -> None:
    old = standing("A", pct_change=1, since_open=1, day_ms=1, since_ms=1)
    new = standing("B", pct_change=1, since_open=1, day_ms=2, since_ms=2)
    assert symbols(board, old, new) == ["B"]


def test_gainers_of_before_the_open_leave_at_the_open() -> None:
    before = standing("A", since_open=9, since_ms=1)
    after = standing("B", since_open=1, since_ms=2)
    assert symbols(GAINERS, before, after) == ["B"]
    assert symbols(VOLUME, before, after) == ["A", "B"]


def test_a_rendered_row_has_its_rank_first() -> None:
    assert render([standing("A", 2), standing("B", 1)]) == (
        b'[{"rank":1,"symbol":"A","volume":2},{"rank":2,"symbol":"B","volume":1}]'
    )


def test_no_board_is_made_before_every_partition_was_heard_of() -> None:
    merger = Merger(2)
    merger.accept(partial(0, 5, standing("A")))
    assert merger.boards() == {}
    merger.accept(partial(1, 5))
    assert msgspec.json.decode(merger.boards()[feeds.TOP_VOLUME])[0]["symbol"] == "A"


def test_only_boards_that_changed_are_published_again() -> None:
    merger = Merger(1)
    merger.accept(partial(0, 1, standing("A", 1)))
    assert set(merger.boards()) == {feeds.TOP_VOLUME, feeds.TOP_GAPPERS, feeds.TOP_GAINERS}
    merger.accept(partial(0, 2, standing("A", 2)))
    assert set(merger.boards()) == {feeds.TOP_VOLUME}
    assert merger.boards() == {}


def test_an_older_partial_does_not_replace_a_newer_one() -> None:
    merger = Merger(1)
    merger.accept(partial(0, 2, standing("B")))
    merger.accept(partial(0, 1, standing("A")))
    assert msgspec.json.decode(merger.boards()[feeds.TOP_VOLUME])[0]["symbol"] == "B"


BASELINES = [(1, 1), (1, 2), (3, 3), (3, 4)]
"""A trading day's start, and the start of a baseline within it."""

markets = st.lists(
    st.builds(
        lambda baseline, *fields: standing(*fields, *baseline),
        st.sampled_from(BASELINES),
        st.text("ABCDE./é", min_size=1, max_size=4),
        st.integers(0, 5),
        st.none() | st.integers(-3, 3),
        st.none() | st.integers(-3, 3),
    ),
    unique_by=lambda each: each.symbol,
    max_size=40,
)


@given(markets, st.integers(1, 5), st.randoms())
def test_two_stages_rank_as_one_does_whatever_the_partitions(
    market: list[Standing], partitions: int, random: Random
) -> None:
    parts: list[list[Standing]] = [[] for _ in range(partitions)]
    for each in market:
        parts[random.randrange(partitions)].append(each)
    merger = Merger(partitions)
    for number, part in enumerate(parts):
        merger.accept(decode(encode(partial(number, 1, *part))))
    boards = merger.boards()
    for board in BOARDS:
        assert boards[board.feed] == render(rank(market, board))
