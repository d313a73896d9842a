"""What a backtest reads and writes: bad frames, broken files, and files that are there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from streams.backtest.run import run
from streams.errors import BadInputError
from tests.backtest.results import NOW_MS, backtested, boards_of, read_results, write_frames
from tests.integration.recordings import (
    MIXED_FRAME,
    arrivals_of,
    synthetic_segments,
    with_bad_frames,
)
from tests.scanner.brute_force import Arrival, market

BAR = {"ev": "A", "sym": "S1", "av": 100, "c": 10.0, "s": 1_499_697_000_000, "e": 1_499_697_001_000}
FRAME = json.dumps([BAR]).encode()
NAMES = ["alerts.parquet", "bars.parquet", "boards.parquet"]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_event_is_counted_and_bad_frames_cost_themselves_alone(tmp_path: Path) -> None:
    (frames,) = synthetic_segments([20])
    arrivals = arrivals_of(frames)
    report, results = backtested(tmp_path, with_bad_frames(frames))
    assert report.events == len(arrivals) + 1
    assert report.by_type.keys() >= {"A", "T", "Q"}
    assert sum(report.by_type.values()) == report.events
    assert sum(report.rejected.values()) == 3 * 12 + 2
    assert report.rejected["not_an_array"] == 3 * 4
    believed = [*arrivals, Arrival(json.loads(MIXED_FRAME.replace(b"NaN", b"null"))[1])]
    assert results.boards == boards_of(market(believed))
    assert (report.bars, report.alerts) == (len(results.bars), len(results.alerts))


def test_an_event_of_a_type_that_nobody_knows_is_rejected_by_that_reason(tmp_path: Path) -> None:
    report, _ = backtested(tmp_path, [json.dumps([BAR, {"ev": "ZZ"}, {"ev": "A"}, 7]).encode()])
    assert report.rejected == {"unknown_type": 1, "malformed": 1, "bad_event": 1}
    assert report.by_type == {"A": 1}


def test_a_bar_from_the_future_is_not_believed(tmp_path: Path) -> None:
    later = {**BAR, "sym": "S2", "s": NOW_MS + 4_000_000, "e": NOW_MS + 4_001_000}
    report, results = backtested(tmp_path, [FRAME, json.dumps([later]).encode()])
    assert report.ignored == {"from_the_future": 1}
    assert [row["symbol"] for row in results.boards["top_volume"]] == ["S1"]


def test_gzip_and_plain_give_the_same(tmp_path: Path) -> None:
    plain = write_frames(tmp_path / "plain", [FRAME])
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path, out in ((plain, "1"), (packed, "2")):
        run([path], tmp_path / out, now_ms=NOW_MS)
    assert read_results(tmp_path / "1") == read_results(tmp_path / "2")


def test_a_file_that_breaks_off_counts_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    lines = [json.dumps([{**BAR, "sym": f"S{n * 7919 % 10_007}"}]).encode() for n in range(20_000)]
    whole = gzip.compress(b"\n".join(lines))
    path.write_bytes(whole[: len(whole) // 2])
    report = run([path, write_frames(tmp_path / "next", [FRAME])], tmp_path / "out", now_ms=NOW_MS)
    assert 1_000 < report.events < 19_000
    assert len(report.incomplete) == 1
    assert "cut.gz" in report.incomplete[0]


@pytest.mark.parametrize("content", [b"", b"no frames\nat all\n", b"[]\n"])
def test_without_events_nothing_is_written(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "none.ndjson"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=r"no events in .*none.ndjson"):
        run([path], tmp_path / "out", now_ms=NOW_MS)
    assert names_in(tmp_path / "out") == []


def test_files_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    path, out = write_frames(tmp_path / "frames", [FRAME]), tmp_path / "out"
    run([path], out, now_ms=NOW_MS)
    before = {name: (out / name).read_bytes() for name in NAMES}
    with pytest.raises(BadInputError, match="--force"):
        run([path], out, now_ms=NOW_MS)
    empty = write_frames(tmp_path / "empty", [])
    with pytest.raises(BadInputError, match="no events"):
        run([empty], out, now_ms=NOW_MS, force=True)
    assert {name: (out / name).read_bytes() for name in NAMES} == before
    assert names_in(out) == NAMES


def test_force_replaces_them(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run([write_frames(tmp_path / "1", [FRAME])], out, now_ms=NOW_MS)
    other = write_frames(tmp_path / "2", [FRAME.replace(b"S1", b"S2")])
    run([other], out, now_ms=NOW_MS, force=True)
    assert {bar["symbol"] for bar in read_results(out).bars} == {"S2"}


def test_a_folder_that_is_a_file_is_one_error(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "frames", [FRAME])
    with pytest.raises(BadInputError, match=f"cannot write to {path}"):
        run([path], path, now_ms=NOW_MS)


def test_bad_lines_of_a_reference_file_are_counted(tmp_path: Path) -> None:
    known = {"symbol": "S1", "day_ms": 1_499_673_600_000, "prev_day_close": 8.0}
    report, results = backtested(tmp_path, [FRAME], references=[{"symbol": 5}, known, {}])
    assert report.references_rejected == 2
    assert [row["pct_change"] for row in results.boards["top_gappers"]] == [25.0]


def test_without_reference_data_nobody_is_a_gapper(tmp_path: Path) -> None:
    _, results = backtested(tmp_path, [FRAME])
    assert results.boards.keys() == {"top_volume", "top_gainers"}


def test_a_reference_file_of_something_else_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no reference data in"):
        backtested(tmp_path, [FRAME], references=[{"ticker": "S1"}])


def test_user_defined_boards_are_written_beside_the_others(tmp_path: Path) -> None:
    low = {**BAR, "sym": "S2", "c": 2.0}
    screeners = tmp_path / "screeners.toml"
    screeners.write_text('[penny_stocks]\nsort = "volume"\nprice = { max = 5 }\n')
    path = write_frames(tmp_path / "frames", [FRAME, json.dumps([low]).encode()])
    run([path], tmp_path / "out", now_ms=NOW_MS, screeners=screeners)
    boards = read_results(tmp_path / "out").boards
    assert [row["symbol"] for row in boards["top_volume"]] == ["S1", "S2"]
    assert [row["symbol"] for row in boards["penny_stocks"]] == ["S2"]


def test_a_screener_that_is_wrong_is_told_before_anything_is_written(tmp_path: Path) -> None:
    screeners = tmp_path / "screeners.toml"
    screeners.write_text('[penny_stocks]\nsort = "volume"\nprice = { max = "5" }\n')
    path = write_frames(tmp_path / "frames", [FRAME])
    with pytest.raises(BadInputError, match=r"screeners.toml:3: penny_stocks: price: max is '5'"):
        run([path], tmp_path / "out", now_ms=NOW_MS, screeners=screeners)
    assert not (tmp_path / "out").exists()
