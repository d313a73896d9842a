"""The expectation of a run: it must see what is lost, and not how events were cut into batches."""

import msgspec
import pytest

from streams import feeds
from streams.faults.comparison import compare
from streams.faults.market import RecordedMarket, record_market
from streams.faults.results import Results
from streams.faults.undisturbed import Undisturbed
from streams.topics import NEWS, topic_of_event


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> RecordedMarket:
    return record_market(tmp_path_factory.mktemp("market"), [2], symbols=60, rate=1_500, seed=5)


@pytest.fixture(scope="module")
def expected(market: RecordedMarket) -> Results:
    return played(market)


def played(market: RecordedMarket) -> Results:
    undisturbed = Undisturbed({})
    for piece in market.pieces:
        undisturbed.play(market.frames_of(piece), market.articles_of(piece))
    return undisturbed.results()


def test_every_kind_of_feed_is_there(market: RecordedMarket, expected: Results) -> None:
    found = {feed for key, _ in expected if (feed := feeds.feed_of_key(key))}
    assert found >= {
        feeds.QUOTE, feeds.DAILY_RANGE, feeds.AGGREGATE, feeds.TRADE, feeds.QUOTE_NBBO, feeds.TOP_TRADES_ALL,
        feeds.TOP_VOLUME, feeds.TOP_GAINERS, feeds.HIGH_ALERT, feeds.LOW_ALERT, feeds.BARS_MINUTE,
        feeds.NEWS_LATEST, feeds.NEWS_RECENT,
    }  # fmt: skip


def test_event_by_event_the_results_are_the_same(market: RecordedMarket, expected: Results) -> None:
    undisturbed = Undisturbed({})
    for piece in market.pieces:
        for frame in market.frames_of(piece):
            for event in msgspec.json.decode(frame, type=list[msgspec.Raw]):
                kind = msgspec.json.decode(event)["ev"]
                undisturbed.take(topic_of_event(kind), b"[%b]" % bytes(event))
        for text in market.articles_of(piece):
            undisturbed.take(NEWS, text)
    assert compare(expected, undisturbed.results()).agrees


def test_looking_at_the_results_changes_nothing(market: RecordedMarket, expected: Results) -> None:
    undisturbed = Undisturbed({})
    for piece in market.pieces:
        undisturbed.play(market.frames_of(piece), market.articles_of(piece))
        undisturbed.results()
    assert compare(expected, undisturbed.results()).agrees


def test_a_frame_and_an_article_that_are_missing_are_seen(market: RecordedMarket, expected: Results) -> None:
    undisturbed = Undisturbed({})
    for piece in market.pieces:
        frames = list(market.frames_of(piece))
        del frames[max(number for number, frame in enumerate(frames) if b'"ev":"A"' in frame)]
        undisturbed.play(frames, market.articles_of(piece)[:5])
    lost = {key for key, _ in compare(expected, undisturbed.results()).lost}
    assert feeds.NEWS_LATEST.key() in lost
    assert any(key.startswith("bars:1m:") for key in lost)
