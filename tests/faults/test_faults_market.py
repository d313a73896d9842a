from pathlib import Path

from streams.faults.market import record_market


def test_the_same_arguments_give_the_same_market(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        market = record_market(folder, [2, 1], symbols=50, rate=500, seed=3)
        texts.append([each.read_bytes() for piece in market.pieces for each in (piece.frames, piece.news)])
    assert texts[0] == texts[1]


def test_every_event_of_a_piece_is_counted(tmp_path: Path) -> None:
    piece = record_market(tmp_path, [2], symbols=50, rate=500, seed=3).pieces[1]
    assert piece.frames.read_bytes().count(b'"ev":') == sum(piece.events.values()) - piece.events["article"]
    assert len(piece.news.read_bytes().splitlines()) == piece.events["article"]
