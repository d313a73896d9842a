"""Newest quotes against a brute force, and what their values say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.quotes.partition import PartitionQuotes, QuoteHead
from streams.slices import SliceDecoder
from streams.telemetry import Counters

Json = dict[str, Any]

NOW = 1_499_697_000_000
decode = SliceDecoder[QuoteHead](QuoteHead).decode


def quote(
    symbol: str, time_ms: int = NOW, bid: float | None = 10.0, ask: float | None = 10.02, **more: object
) -> Json:
    return {"ev": "Q", "sym": symbol, "bp": bid, "ap": ask, "t": time_ms, **more}


def values(
    *batches: list[Json], received_ms: int | None = None, counters: Counters | None = None
) -> dict[str, Json]:
    partition = PartitionQuotes(counters or Counters())
    for batch in batches:
        partition.apply(decode(json.dumps(batch).encode()), received_ms)
    return {symbol: json.loads(value) for symbol, value in partition.values()}


def applied(*quotes: Json) -> PartitionQuotes:
    partition = PartitionQuotes(Counters())
    partition.apply(decode(json.dumps(quotes).encode()), None)
    return partition


def test_a_value_is_the_vendors_event_with_spread_and_mid() -> None:
    event = quote("A", bx=4, **{"as": 3, "bs": 1}, c=0, i=[1], q=7, z=3, new_field={"a": None})
    assert values([event]) == {"A": {**event, "spread": 0.02, "mid": 10.01}}


@pytest.mark.parametrize(("bid", "ask"), [(0.0, 10.0), (10.0, 0.0), (None, 10.0), (10.0, None), (0.0, 0.0)])
def test_a_quote_with_an_empty_side_has_neither(bid: float | None, ask: float | None) -> None:
    value = values([quote("A", bid=bid, ask=ask)])["A"]
    assert (value["spread"], value["mid"]) == (None, None)


def test_a_crossed_quote_has_a_negative_spread() -> None:
    assert values([quote("A", bid=10.05, ask=10.0)])["A"]["spread"] == -0.05


def test_prices_below_a_cent_keep_their_decimals() -> None:
    value = values([quote("A", bid=0.0101, ask=0.0102)])["A"]
    assert (value["spread"], value["mid"]) == (0.0001, 0.01015)


def test_a_quote_that_comes_late_changes_nothing() -> None:
    found = values([quote("A", NOW + 5, q=1)], [quote("A", NOW + 4, q=2)])
    assert found["A"]["q"] == 1


def test_only_what_changed_is_returned_again() -> None:
    partition = PartitionQuotes(Counters())
    partition.apply(decode(json.dumps([quote("A"), quote("B")]).encode()), None)
    assert {symbol for symbol, _ in partition.values()} == {"A", "B"}
    partition.apply(decode(json.dumps([quote("B")]).encode()), None)
    assert {symbol for symbol, _ in partition.values()} == {"B"}
    partition.republish()
    assert {symbol for symbol, _ in partition.values()} == {"A", "B"}


def test_a_quote_of_tomorrow_is_not_believed() -> None:
    counters = Counters()
    batch = [quote("A", NOW, q=1), quote("A", NOW + 86_400_000, q=2)]
    assert values(batch, received_ms=NOW, counters=counters)["A"]["q"] == 1
    assert counters.by_reason("events_ignored") == {"from_the_future": 1}


def test_a_bad_quote_costs_itself_alone() -> None:
    payload = json.dumps(
        [quote("A"), {**quote("B"), "bp": "ten"}, {"ev": "XQ", "pair": "BTC-USD"}, quote("C")]
    )
    slices = decode(payload.encode())
    assert [head.sym for head in slices.events] == ["A", "C"]
    assert [json.loads(bytes(raw))["sym"] for raw in slices.raws] == ["A", "C"]
    assert len(slices.rejected) == 2


@given(
    st.lists(
        st.lists(st.builds(quote, st.sampled_from("ABC"), st.integers(NOW, NOW + 6)), max_size=9), max_size=9
    )
)
def test_the_newest_of_each_symbol_counts_of_equal_times_the_later(batches: list[list[Json]]) -> None:
    expected: dict[str, Json] = {}
    number = 0
    for batch in batches:
        for event in batch:
            event["q"] = number = number + 1
            if event["sym"] not in expected or event["t"] >= expected[event["sym"]]["t"]:
                expected[event["sym"]] = event
    found = values(*batches)
    assert {symbol: value["q"] for symbol, value in found.items()} == {
        symbol: value["q"] for symbol, value in expected.items()
    }


def test_a_restored_quote_is_published_only_when_all_are() -> None:
    value = dict(applied(quote("A")).values())["A"]
    restored = PartitionQuotes(Counters())
    assert restored.restore("A", value)
    assert dict(restored.values()) == {}
    restored.republish()
    assert dict(restored.values()) == {"A": value}


def test_of_a_restored_quote_and_one_that_was_read_the_newer_counts() -> None:
    value = dict(applied(quote("A", NOW, q=1)).values())["A"]
    for later, newest in ((-1, 1), (0, 2), (1, 2)):
        partition = applied(quote("A", NOW + later, q=2))
        partition.restore("A", value)
        assert json.loads(dict(partition.values())["A"])["q"] == newest
        partition = applied()
        partition.restore("A", value)
        partition.apply(decode(json.dumps([quote("A", NOW + later, q=2)]).encode()), None)
        partition.republish()
        assert json.loads(dict(partition.values())["A"])["q"] == newest


@pytest.mark.parametrize(
    "value", [b"", b"5", b'{"spread":1}', b'{"ev":"Q","sym":"B","t":1,"spread":1}', b"\xff"]
)
def test_what_is_no_quote_of_the_symbol_is_not_restored(value: bytes) -> None:
    partition = applied()
    assert not partition.restore("A", value)
    partition.republish()
    assert dict(partition.values()) == {}
