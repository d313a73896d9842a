"""The archive against a brute force: any order of links and any crash gives the same lists."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.news.archive import Archive, FiledArticle, Origin
from streams.news.article import Article

TICKERS = ("A", "B", "C")


@dataclass(frozen=True)
class Version:
    """One version of an article, as a record of a partition of md.news."""

    article: Article
    origin: Origin


def version(link: int, time: int, tickers: Sequence[str], number: int) -> Version:
    """Return a version; links lie on two partitions."""
    value = f"{link} {number} {' '.join(tickers)}".encode()
    return Version(Article(f"l{link:02}", time, tuple(tickers), value), Origin(link % 2, number, number))


versions = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.lists(st.sampled_from(TICKERS), unique=True)),
    max_size=60,
).map(lambda drawn: [version(*each, number) for number, each in enumerate(drawn)])


def brute_force(arrived: Sequence[Version], bound: int) -> dict[str | None, list[bytes]]:
    """Return the lists: each link's newest version in its first one's place, the newest ``bound`` of all."""
    first: dict[str, int] = {}
    newest: dict[str, Article] = {}
    for each in sorted(arrived, key=lambda each: each.origin.offset):
        first.setdefault(each.article.link, each.article.published_ms)
        newest[each.article.link] = each.article
    kept = sorted(newest, key=lambda link: (-first[link], link))[:bound]
    lists: dict[str | None, list[bytes]] = {None: [newest[link].value for link in kept]}
    for ticker in TICKERS:
        lists[ticker] = [newest[link].value for link in kept if ticker in newest[link].tickers]
    return lists


def lists_of(archive: Archive) -> dict[str | None, list[bytes]]:
    return {ticker: archive.newest(ticker, 1_000) for ticker in (None, *TICKERS)}


def interleaved(arrived: Sequence[Version], random: Random) -> list[Version]:
    """Return the versions in an order that keeps that of each partition."""
    waiting = [[each for each in arrived if each.origin.partition == number] for number in (0, 1)]
    order: list[Version] = []
    while any(waiting):
        order.append(random.choice([each for each in waiting if each]).pop(0))
    return order


@given(versions, st.randoms(use_true_random=False))
def test_any_interleaving_of_partitions_gives_the_same_lists(arrived: list[Version], random: Random) -> None:
    archive = Archive({})
    for offset, each in enumerate(interleaved(arrived, random)):
        archive.file(each.article, each.origin, offset)
    assert lists_of(archive) == brute_force(arrived, 1_000)


once = versions.map(lambda found: list({each.article.link: each for each in found}.values()))


@given(once, st.integers(1, 8), st.randoms(use_true_random=False))
def test_the_newest_are_kept_whatever_the_order(arrived: list[Version], bound: int, random: Random) -> None:
    archive = Archive({}, bound)
    for offset, each in enumerate(interleaved(arrived, random)):
        archive.file(each.article, each.origin, offset)
    assert lists_of(archive) == brute_force(arrived, bound)


@given(versions, st.randoms(use_true_random=False))
def test_what_comes_again_changes_nothing_and_is_no_news(arrived: list[Version], random: Random) -> None:
    archive = Archive({})
    for offset, each in enumerate(arrived):
        archive.file(each.article, each.origin, offset)
    again = random.randrange(len(arrived)) if arrived else 0
    for offset, each in enumerate(arrived[again:], len(arrived)):
        assert not archive.file(each.article, each.origin, offset)
    assert lists_of(archive) == brute_force(arrived, 1_000)


@given(versions, st.integers(0, 60), st.integers(0, 60), st.randoms(use_true_random=False))
def test_a_crash_in_the_middle_of_a_flush_loses_and_doubles_nothing(
    arrived: list[Version], safe: int, crash: int, random: Random
) -> None:
    rows: dict[str, FiledArticle] = {}
    archive = Archive(rows)
    on_disk: dict[str, FiledArticle] = {}
    for offset, each in enumerate(arrived[:crash]):
        archive.file(each.article, each.origin, offset)
        if offset < safe:
            on_disk = dict(rows)
    # Of the flush under way any of the rows may have arrived.
    on_disk |= {key: row for key, row in rows.items() if random.random() < 0.5}
    recovered = Archive(copy.copy(on_disk))
    for offset, each in enumerate(arrived[min(safe, crash) :], min(safe, crash)):
        recovered.file(each.article, each.origin, offset)
    assert lists_of(recovered) == brute_force(arrived, 1_000)


@given(once, st.integers(1, 6), st.integers(0, 40), st.randoms(use_true_random=False))
def test_a_crash_of_a_full_archive_keeps_the_newest(
    arrived: list[Version], bound: int, safe: int, random: Random
) -> None:
    rows: dict[str, FiledArticle] = {}
    archive = Archive(rows, bound)
    on_disk: dict[str, FiledArticle] = {}
    for offset, each in enumerate(arrived):
        archive.file(each.article, each.origin, offset)
        if offset < safe:
            on_disk = dict(rows)
    on_disk |= {key: row for key, row in rows.items() if random.random() < 0.5}
    recovered = Archive(on_disk, bound)
    for offset, each in enumerate(arrived[safe:], safe):
        recovered.file(each.article, each.origin, offset)
    assert lists_of(recovered) == brute_force(arrived, bound)


def test_a_link_keeps_its_place_whatever_date_a_correction_has() -> None:
    archive = Archive({})
    for number, (link, time) in enumerate([(1, 100), (2, 200), (1, 300)]):
        each = version(link, time, ["A"], number)
        archive.file(each.article, each.origin, number)
    assert archive.newest("A", 10) == [b"2 1 A", b"1 2 A"]


def test_a_correction_that_names_another_ticker_moves_the_article() -> None:
    archive = Archive({})
    for number, tickers in enumerate((["A", "B"], ["B", "C"])):
        each = version(1, 100, tickers, number)
        archive.file(each.article, each.origin, number)
    assert archive.newest("A", 10) == []
    assert archive.newest("B", 10) == archive.newest("C", 10) == [b"1 1 B C"]
    assert archive.take_changed() == {None, "A", "B", "C"}
    assert archive.take_changed() == set()


def test_a_topic_made_anew_does_not_make_later_versions_old() -> None:
    archive = Archive({})
    archive.file(Article("l", 1, (), b"old"), Origin(0, 500, 1_000), 0)
    assert archive.file(Article("l", 1, (), b"new"), Origin(0, 3, 2_000), 1)
    assert archive.newest(None, 1) == [b"new"]


def test_a_clock_set_back_does_not_make_later_versions_old() -> None:
    archive = Archive({})
    archive.file(Article("l", 1, (), b"old"), Origin(0, 500, 9_000), 0)
    assert archive.file(Article("l", 1, (), b"new"), Origin(0, 501, 1_000), 1)


def test_rows_stay_as_many_as_are_kept() -> None:
    rows: dict[str, FiledArticle] = {}
    archive = Archive(rows, 10)
    for number in range(100):
        archive.file(Article(f"l{number}", number, ("A",), b"%d" % number), Origin(0, number, number), number)
    assert len(rows) == len(archive) == 10
    assert archive.newest_times() == {"A": 99}


def test_tickers_without_news_for_long_are_told_apart() -> None:
    archive = Archive({})
    for number, (time, ticker) in enumerate([(1_000, "A"), (5_000, "B"), (9_000, "C")]):
        archive.file(Article(f"l{number}", time, (ticker,), b""), Origin(0, number, number), number)
    assert set(archive.tickers(4_000)) == {"B", "C"}
