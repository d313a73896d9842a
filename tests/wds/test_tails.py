"""What of a list was missed, and in which order it goes out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.feeds import NEWS_TICKER, Database
from streams.telemetry import Counters
from streams.wds.tails import Tails, above

LIST = "news:ticker:A"


@given(
    before=st.integers(0, 5),
    during=st.integers(0, 5),
    reread=st.integers(0, 5),
    after=st.integers(0, 5),
)
def test_each_entry_is_passed_on_once_and_in_order(before: int, during: int, reread: int, after: int) -> None:
    entries = [b"%d" % number for number in range(before + during + reread + after)]
    tails = Tails(Counters())
    tails.begin(LIST, None)
    seen = [entry for entry in entries[:before] if tails.takes(NEWS_TICKER, LIST, entry)]
    tails.hold(Database.WIDGET)
    # Of what is pushed during the outage nothing comes; then some comes before the list is read, some after.
    for entry in entries[before + during :]:
        assert not tails.takes(NEWS_TICKER, LIST, entry)
    read = list(reversed(entries[: before + during + reread]))
    seen += [entry for _, entry in tails.release(Database.WIDGET, {LIST: read})]
    assert seen == entries


def test_lists_of_which_nothing_is_known_are_not_repeated() -> None:
    tails = Tails(Counters())
    tails.hold(Database.WIDGET)
    assert tails.release(Database.WIDGET, {LIST: [b"2", b"1"]}) == []


def test_a_list_that_has_lost_its_last_known_entry_comes_whole() -> None:
    assert above([b"3", b"2"], b"1") == [b"2", b"3"]


def test_bars_come_again_from_the_running_one_on() -> None:
    bars = [b'{"t":%d,"c":2}' % minute for minute in (4, 3, 2, 1)]
    assert above(bars, b'{"t":3,"c":1}') == [b'{"t":3,"c":2}', b'{"t":4,"c":2}']


def test_what_waits_is_bounded_and_what_goes_is_counted() -> None:
    counters = Counters()
    tails = Tails(counters)
    tails.hold(Database.WIDGET)
    for number in range(10_010):
        tails.takes(NEWS_TICKER, LIST, b"%d" % number)
    due = tails.release(Database.WIDGET, {})
    assert (len(due), due[0], counters.get("dropped", "too_many_held")) == (10_000, (LIST, b"10"), 10)
