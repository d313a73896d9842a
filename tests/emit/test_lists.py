"""How a kept list becomes another one."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from streams.emit.lists import WHOLE, amendment

values = st.lists(st.integers(0, 12).map(lambda number: b"%d" % number), max_size=12)


def amended(known: Sequence[bytes], wanted: Sequence[bytes]) -> list[bytes]:
    """Do to a list what Redis does."""
    change = amendment(known, wanted)
    rest = [] if change.drop == WHOLE else list(known[change.drop :])
    if change.drop != WHOLE:
        assert rest[0] == change.base
    return [*reversed(change.added), *rest][: len(wanted)]


@given(values, values)
def test_any_list_becomes_any_other(known: list[bytes], wanted: list[bytes]) -> None:
    assert amended(known, wanted) == wanted


@given(st.lists(st.integers(0, 30).map(lambda number: b"%d" % number), unique=True, max_size=20), values)
def test_what_comes_on_top_is_all_that_is_added(known: list[bytes], top: list[bytes]) -> None:
    if known and not set(top) & set(known):
        assert amendment(known, [*top, *known]) == (0, known[0], list(reversed(top)))


def test_an_entry_that_comes_late_moves_only_those_above_it() -> None:
    assert amendment([b"5", b"4", b"2", b"1"], [b"5", b"4", b"3", b"2"]) == (2, b"2", [b"3", b"4", b"5"])


def test_a_list_that_is_not_known_is_written_whole() -> None:
    assert amendment(None, [b"2", b"1"]) == (WHOLE, b"", [b"1", b"2"])
