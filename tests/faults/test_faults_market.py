from itertools import chain
from pathlib import Path

import pytest

from streams.faults.market import RecordedMarket, record_market


@pytest.fixture
def market(tmp_path: Path) -> RecordedMarket:
    return record_market(tmp_path, [2, 1], symbols=50, rate=500, seed=3)


def test_the_same_arguments_give_the_same_market(market: RecordedMarket, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    same = record_market(again, [2, 1], symbols=50, rate=500, seed=3)
    for one, other in ((market.frames, same.frames), (market.news, same.news)):
        assert one.read_bytes() == other.read_bytes()


def test_the_pieces_are_the_whole(market: RecordedMarket) -> None:
    pieces = market.pieces
    frames = list(chain.from_iterable(map(market.frames_of, pieces)))
    articles = list(chain.from_iterable(map(market.articles_of, pieces)))
    assert frames == market.frames.read_bytes().splitlines()
    assert articles == market.news.read_bytes().splitlines()
    assert [len(piece.frames) for piece in pieces] == [
        sum(1 for _ in market.frames_of(each)) for each in pieces
    ]


def test_every_event_of_a_piece_is_counted(market: RecordedMarket) -> None:
    piece = market.pieces[1]
    events = sum(frame.count(b'"ev":') for frame in market.frames_of(piece))
    assert events == piece.events.total() - piece.events["article"]
    assert len(market.articles_of(piece)) == piece.events["article"]
