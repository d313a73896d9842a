"""Changes of boards: whatever changes, applying them gives the board, byte for byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import deltas

NUMBERS = st.one_of(
    st.none(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3),
    st.lists(st.integers(0, 3), max_size=2),
)
FIELDS = st.dictionaries(st.sampled_from(["rank", "close", "volume", "ä"]), NUMBERS)
BOARDS = st.dictionaries(st.sampled_from("ABCDEFGH"), FIELDS, max_size=8)


def board(values: dict[str, dict]) -> bytes:
    return json.dumps(
        [{"symbol": symbol, **fields} for symbol, fields in values.items()],
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


@settings(deadline=None)
@given(st.lists(BOARDS, min_size=2, max_size=5))
def test_applied_one_after_the_other_they_give_each_board_byte_for_byte(states: list[dict]) -> None:
    held = deltas.rows(board(states[0]))
    assert held is not None
    for state in states[1:]:
        after = deltas.rows(board(state))
        assert after is not None
        held = deltas.apply(held, deltas.encode(deltas.difference(held, after)))
        assert deltas.encoded(held) == board(state)


@settings(deadline=None)
@given(BOARDS)
def test_nothing_changes_from_a_board_to_itself(state: dict) -> None:
    rows = deltas.rows(board(state))
    assert rows is not None
    assert deltas.is_empty(deltas.difference(rows, rows))


def test_numbers_stay_as_they_were_written() -> None:
    payload = b'[{"symbol":"A","close":1.10,"volume":1e3,"big":12345678901234567890123}]'
    rows = deltas.rows(payload)
    assert rows is not None
    assert deltas.encoded(rows) == payload


def test_only_changed_fields_and_the_symbol_are_told() -> None:
    before, after = (
        deltas.rows(b'[{"rank":%d,"symbol":"A","close":1},{"rank":3,"symbol":"B","close":2}]' % rank)
        for rank in (1, 2)
    )
    assert before is not None
    assert after is not None
    delta = deltas.encode(deltas.difference(before, after))
    assert delta == b'{"changed":[{"rank":2,"symbol":"A"}]}'


@pytest.mark.parametrize(
    "payload",
    [b"{}", b"1", b"null", b"[1]", b'[{"a":1}]', b'[{"symbol":1}]', b'[{"symbol":"A"},{"symbol":"A"}]'],
)
def test_what_has_no_rows_with_symbols_of_their_own_is_no_board(payload: bytes) -> None:
    assert deltas.rows(payload) is None


@pytest.mark.parametrize("data", [b'{"removed":["B"]}', b'{"order":["B"]}', b'{"changed":[{"symbol":"B"}]}'])
def test_a_delta_of_another_board_is_refused(data: bytes) -> None:
    rows = deltas.rows(b'[{"symbol":"A"}]')
    assert rows is not None
    with pytest.raises(ValueError, match="row"):
        deltas.apply(rows, data)
