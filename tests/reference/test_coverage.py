"""What reference data covers, against a walk through all records."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.reference.coverage import EXAMPLES, FIELDS, Coverage, DayCount, State, Tally
from streams.reference.model import Reference

DAYS_MS = (1_000, 2_000, 3_000)
SYMBOLS = tuple("ABCDEFGHIJ")
numbers = st.none() | st.floats(0, 1e9)
references = st.builds(
    Reference,
    symbol=st.sampled_from(SYMBOLS),
    day_ms=st.sampled_from(DAYS_MS),
    prev_day_close=numbers,
    avg_volume=numbers,
    free_float=numbers,
    security_type=st.sampled_from([None, "CS", "ETF"]),
)
writes = st.lists(references | st.sampled_from(SYMBOLS))


def tallied(*writes: Reference | str) -> Coverage:
    """Count records; those of a symbol alone delete it."""
    tally = Tally()
    for at_ms, write in enumerate(writes):
        if isinstance(write, str):
            tally.take(write.encode(), None, at_ms)
        else:
            tally.take(write.symbol.encode(), msgspec.json.encode(write), at_ms)
    return tally.coverage()


@given(given=writes)
def test_the_newest_of_each_symbol_counts(given: list[Reference | str]) -> None:
    found = tallied(*given)
    known: dict[str, tuple[int, Reference]] = {}
    for symbol in SYMBOLS:
        for at_ms, write in enumerate(given):
            if write == symbol:
                known.pop(symbol, None)
            elif isinstance(write, Reference) and write.symbol == symbol:
                known[symbol] = max(known.get(symbol, (at_ms, write)), (at_ms, write), key=by_day)
    day_ms = max((reference.day_ms for _, reference in known.values()), default=None)
    of_day = {symbol: each for symbol, each in known.items() if each[1].day_ms == day_ms}
    assert found.loaded_ms == max((at_ms for at_ms, _ in of_day.values()), default=None)
    for due_ms in DAYS_MS:
        current = [each for _, each in known.values() if each.day_ms >= due_ms]
        complete = [each for each in current if None not in (each.prev_day_close, each.avg_volume)]
        assert found.current(due_ms) == (due_ms, len(current), len(complete))
    assert [day.day_ms for day in found.days[:1]] == ([] if day_ms is None else [day_ms])
    assert found.known == len(known)
    without = {
        field: sorted(symbol for symbol, (_, each) in of_day.items() if getattr(each, field) is None)
        for field in FIELDS
    }
    assert {each.field: (each.count, list(each.examples)) for each in found.lacking} == {
        field: (len(symbols), symbols[:EXAMPLES]) for field, symbols in without.items()
    }


def by_day(entry: tuple[int, Reference]) -> tuple[int, int]:
    at_ms, reference = entry
    return reference.day_ms, at_ms


def test_what_is_no_reference_data_is_counted_and_nothing_else_is_lost() -> None:
    tally = Tally()
    for value in (b'{"symbol":5}', b"\xff", b"[" * 100_000, b'{"symbol":"A","day_ms":1}'):
        tally.take(b"A", value, 7)
    found = tally.coverage()
    assert (found.rejected, found.known, found.loaded_ms) == (3, 1, 7)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        ([], State.ABSENT),
        ([DayCount(999, 100, 100)], State.OLD),
        ([DayCount(1_000, 100, 95)], State.COMPLETE),
        ([DayCount(2_000, 100, 95)], State.COMPLETE),
        ([DayCount(1_000, 100, 94)], State.INCOMPLETE),
        ([DayCount(1_000, 80, 80), DayCount(500, 20, 0)], State.COMPLETE),
        ([DayCount(1_000, 79, 79), DayCount(500, 21, 21)], State.INCOMPLETE),
        # A load for the day after has been broken off: what is due is there.
        ([DayCount(2_000, 10, 10), DayCount(1_000, 90, 90)], State.COMPLETE),
    ],
)
def test_whether_it_is_enough(days: list[DayCount], state: State) -> None:
    assert Coverage(tuple(days)).state(due_ms=1_000) is state
