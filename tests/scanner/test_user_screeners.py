"""How the boards of users' screeners are named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams import feeds
from streams.scanner.user_screeners import board_of, is_users_board

names = st.text(min_size=1, max_size=128) | st.sampled_from(["a b", "a_b", "A b", "日本", "日 本"])
owners = st.integers(0, 2**63 - 1)


@given(owners, names)
def test_a_users_board_is_a_screeners(owner: int, name: str) -> None:
    board = board_of(owner, name)
    assert feeds.feed_of_key(feeds.SCREENER.key(board)) is feeds.SCREENER
    assert is_users_board(board)


@given(st.tuples(owners, names), st.tuples(owners, names))
def test_no_two_screeners_have_one_board(one: tuple[int, str], other: tuple[int, str]) -> None:
    assert (board_of(*one) == board_of(*other)) is (one == other)


def test_a_board_tells_whose_it_is_and_what() -> None:
    assert board_of(3, "Low float").startswith("user_3_low_float_")
