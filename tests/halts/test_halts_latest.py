"""The list of halts, merged from partitions."""

from __future__ import annotations

import json

from streams import feeds
from streams.halts.latest import Merger, Partial, Told, decode, encode, make_partial
from streams.halts.status import HaltEntry, Status, SymbolHalts

NOW = 1_499_697_000


def entry(symbol: str, timestamp: float, status: Status = Status.HALTED) -> HaltEntry:
    return HaltEntry(symbol, status, timestamp, None, None, None, None, None, 1, "")


def partial(number: int, applied: int, *told: tuple[str, float]) -> Partial:
    rows = {symbol: SymbolHalts(applied, 0, b"", entries=[entry(symbol, time)]) for symbol, time in told}
    return decode(encode(make_partial(number, rows)))


def test_no_list_is_made_before_each_partition_was_heard() -> None:
    merger = Merger(2)
    assert merger.accept(partial(0, 5, ("A", NOW))) is None
    merged = merger.accept(Partial(1, -1, []))
    assert merged is not None
    assert [json.loads(each)["symbol"] for each in merged.entries] == ["A"]


def test_the_newest_comes_first() -> None:
    merger = Merger(2)
    merger.accept(partial(0, 5, ("A", NOW), ("B", NOW + 2)))
    merged = merger.accept(partial(1, 1, ("C", NOW + 1)))
    assert merged is not None
    assert [json.loads(each)["symbol"] for each in merged.entries] == ["B", "C", "A"]


def test_only_the_first_list_is_a_backlog() -> None:
    merger = Merger(1)
    lists = [merger.accept(partial(0, offset, ("A", NOW + offset))) for offset in range(2)]
    assert [each and each.is_first for each in lists] == [True, False]
    merger.forget()
    again = merger.accept(partial(0, 1, ("A", NOW)))
    assert again is not None
    assert again.is_first


def test_an_older_partial_changes_nothing() -> None:
    merger = Merger(1)
    assert merger.accept(partial(0, 5, ("A", NOW))) is not None
    assert merger.accept(partial(0, 4)) is None


def test_the_list_is_bounded_and_a_day_long() -> None:
    told = [Told(NOW + number, f"S{number}", b"") for number in range(feeds.HALTS_LATEST.bound + 5)]
    merged = Merger(1).accept(Partial(0, 1, [*told, Told(NOW - 90_000, "OLD", b"")]))
    assert merged is not None
    assert len(merged.entries) == feeds.HALTS_LATEST.bound
    merged = Merger(1).accept(Partial(0, 1, [told[0], Told(NOW - 90_000, "OLD", b"old")]))
    assert merged is not None
    assert merged.entries == [b""]
