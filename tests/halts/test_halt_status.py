"""Halts and resumptions from limit-up limit-down messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time

import pytest

from streams.events import Luld
from streams.halts.status import HaltBook, HaltEntry, Status, SymbolHalts
from streams.sessions import MarketCalendar, at
from streams.telemetry import Counters

MONDAY, TUESDAY = date(2017, 7, 10), date(2017, 7, 11)
MS = 1_000_000
_calendar = MarketCalendar()

Follow = Callable[..., list[HaltEntry]]


def moment(minute: int, second: int = 0, day: date = MONDAY) -> int:
    return at(day, time(10, minute, second))


def message(time_ms: int, *indicators: int) -> Luld:
    return Luld(sym="A", t=time_ms * MS, i=indicators, h=11.0, l=9.0)


@pytest.fixture
def rows() -> dict[str, SymbolHalts]:
    return {}


@pytest.fixture
def follow(rows: dict[str, SymbolHalts]) -> Follow:
    book = HaltBook(rows, _calendar, Counters())
    offsets = iter(range(1_000))

    def apply(*messages: Luld, received_ms: int | None = None) -> list[HaltEntry]:
        return book.apply(((each, b"%d" % each.t) for each in messages), next(offsets), received_ms)

    return apply


def test_a_move_of_the_bands_is_no_halt(follow: Follow, rows: dict[str, SymbolHalts]) -> None:
    assert follow(message(moment(0)), message(moment(1), 1)) == []
    assert (rows["A"].upper, rows["A"].lower, rows["A"].raw) == (11.0, 9.0, b"%d" % (moment(1) * MS))


def test_a_halt_tells_when_trading_may_start_again(follow: Follow) -> None:
    assert follow(message(moment(0), 17)) == [
        HaltEntry(
            symbol="A",
            status=Status.HALTED,
            timestamp=moment(0) / 1000,
            halted_at=moment(0),
            resumed_at=None,
            earliest_reopening=moment(5),
            upper_band=11.0,
            lower_band=9.0,
            halts_today=1,
            note="Trading halted",
        )
    ]


def test_a_resumption_tells_how_long_the_halt_was(follow: Follow) -> None:
    _, entry = follow(message(moment(0), 17), message(moment(6, 30), 18))
    assert (entry.status, entry.halted_at, entry.resumed_at) == ("resumed", moment(0), moment(6, 30))
    assert entry.note == "Trading resumed after 6:30 min"


def test_halts_of_a_day_are_counted(follow: Follow) -> None:
    entries = follow(
        message(moment(0), 17),
        message(moment(5), 18),
        message(moment(7), 17),
        message(moment(9, day=TUESDAY), 18),
    )
    assert [entry.halts_today for entry in entries] == [1, 1, 2, 0]


def test_a_halt_that_is_told_again_is_the_same_halt(follow: Follow) -> None:
    assert len(follow(message(moment(0), 17), message(moment(1), 17), message(moment(2), 17))) == 1


def test_a_resumption_without_a_known_halt_is_told(follow: Follow) -> None:
    (entry,) = follow(message(moment(0), 18))
    assert (entry.status, entry.halted_at, entry.earliest_reopening) == ("resumed", None, None)


def test_a_halt_that_comes_after_its_end_changes_nothing(follow: Follow) -> None:
    entries = follow(message(moment(6), 18), message(moment(0), 17))
    assert [entry.status for entry in entries] == ["resumed"]


def test_bands_that_come_late_change_nothing(follow: Follow, rows: dict[str, SymbolHalts]) -> None:
    follow(message(moment(1)), Luld(sym="A", t=moment(0) * MS, h=99.0, l=98.0))
    assert (rows["A"].upper, rows["A"].lower) == (11.0, 9.0)


def test_times_in_ms_are_understood(follow: Follow) -> None:
    (entry,) = follow(Luld(sym="A", t=moment(0), i=(17,)))
    assert entry.halted_at == moment(0)


def test_a_halt_of_tomorrow_is_not_believed(follow: Follow) -> None:
    assert follow(message(moment(0, day=TUESDAY), 17), received_ms=moment(0)) == []
