"""What clients are sent of a partition's bars: lists that are always those of the rules."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.bars.partition import PartitionBars
from streams.bars.pipeline import FEEDS
from tests.bars.conftest import Json, Source, clock, minute, second, traded
from tests.bars.test_minute_bars import events
from tests.bars.test_traded_bars import trades


class Lists:
    """Lists in Redis, oldest entry first, as the emitter's script keeps them."""

    def __init__(self, source: Source) -> None:
        self.held: dict[tuple[int, str], list[Json]] = {}
        self.published: list[Json] = []
        self.bars = PartitionBars(source.symbols)

    def flush(self, span: int, most: int = 10**9) -> None:
        """Write what has changed in the lists of a span."""
        for tail in list(self.bars.tails(span, most)):
            held = self.held.get((span, tail.symbol), [])
            if len(held) < tail.keep:
                self.bars.rewrite(span, tail.symbol)
                continue
            self.held[span, tail.symbol] = held[: tail.keep] + [json.loads(value) for value in tail.values]
            news = [json.loads(value) for value, new in zip(tail.values, tail.is_news, strict=True) if new]
            self.published += news


STEPS = st.one_of(
    st.lists(events(), min_size=1, max_size=4),
    st.lists(trades(), min_size=1, max_size=4),
    st.tuples(st.sampled_from(list(FEEDS)), st.sampled_from([1, 10**9])),
    st.sampled_from(["emptied", "crash"]),
)


@settings(max_examples=200)
@given(st.lists(STEPS, max_size=25))
def test_lists_are_those_of_the_rules_however_often_they_are_written(
    steps: list[list[Json] | tuple[int, int] | str],
) -> None:
    source = Source()
    lists = Lists(source)
    offset = 0
    for step in steps:
        if isinstance(step, tuple):
            lists.flush(*step)
        elif isinstance(step, list):
            take = source.trade if step[0]["ev"] == "T" else source.take
            take(offset, step)
            offset += 1
        elif step == "emptied":
            lists.held.clear()
        else:
            source.flush()
            source.traded.flush()
            source.start()
            lists.bars = PartitionBars(source.symbols)
    for span in FEEDS:
        if "emptied" in steps:
            lists.bars.resync(span)
        lists.flush(span)
        # A symbol whose new day has no bar yet keeps the list of the day before.
        for symbol, wanted in source.bars(span).items():
            assert lists.held[span, symbol] == wanted


def test_only_bars_that_changed_are_published() -> None:
    source = Source()
    lists = Lists(source)
    source.take(0, [minute("ABC", clock(9, 30 + number)) for number in range(5)])
    lists.flush(1)
    lists.published.clear()
    source.take(1, [minute("ABC", clock(9, 31), 77.0), second("ABC", clock(9, 35))])
    lists.flush(1)
    assert [(bar["t"], bar["c"]) for bar in lists.published] == [
        (clock(9, 31), 77.0),
        (clock(9, 34), 10.0),
        (clock(9, 35), 10.0),
    ]


def test_a_list_that_is_written_again_is_not_published_whole() -> None:
    source = Source()
    lists = Lists(source)
    source.take(0, [minute("ABC", clock(9, 30 + number)) for number in range(5)])
    lists.flush(1)
    lists.published.clear()
    lists.bars.resync(1)
    lists.flush(1)
    assert [bar["t"] for bar in lists.published] == [clock(9, 33), clock(9, 34)]


def test_raw_bars_are_told_once_and_again_when_asked() -> None:
    source = Source()
    bars = PartitionBars(source.symbols)
    source.take(0, [second("ABC", clock(9, 30)), second("XYZ", clock(10))])
    assert {symbol for symbol, _ in bars.raws()} == {"ABC", "XYZ"}
    assert list(bars.raws()) == []
    bars.resync_raws()
    assert [symbol for symbol, _ in bars.raws()] == ["XYZ"]


def test_a_symbol_that_only_trades_has_bars_and_no_raw_bar() -> None:
    source = Source()
    lists = Lists(source)
    source.trade(0, [traded("ABC", clock(9, 30)), traded("ABC", clock(9, 30), 11.0)])
    lists.flush(1)
    assert [(bar["t"], bar["c"]) for bar in lists.published] == [(clock(9, 30), 11.0)]
    lists.bars.resync_raws()
    assert list(lists.bars.raws()) == []
