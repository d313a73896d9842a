import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq
import pytest

TIMEOUT_S = 60.0


class Ended(Protocol):
    code: int
    out: str
    err: str


class Command(Protocol):
    def __call__(self, *arguments: str) -> Ended: ...


BARS = [
    {
        "ev": "A",
        "sym": symbol,
        "av": 100,
        "c": 10.0,
        "h": high,
        "s": 1_499_697_000_000,
        "e": 1_499_697_001_000,
    }
    for symbol, high in (("S1", 10.0), ("S2", 10.0), ("S1", 11.0))
]
TRADE = {"ev": "T", "sym": "S1", "t": 1_499_697_000_500, "p": 10.0, "s": 100}


def test_the_last_line_is_one_object_that_counts_what_is_in_the_files(
    streams: Command, tmp_path: Path
) -> None:
    frames, out = tmp_path / "frames.ndjson", tmp_path / "new" / "out"
    frames.write_text(json.dumps(BARS) + "\nno frame\n" + json.dumps([TRADE, {"ev": "T", "sym": "S1"}]))
    ended = streams("backtest", str(frames), "--out", str(out), "--json")
    assert ended.code == 0
    told = json.loads(ended.out.splitlines()[-1])
    rows = {name: pq.read_metadata(out / f"{name}.parquet").num_rows for name in ("boards", "alerts", "bars")}
    assert rows == {"boards": 4, "alerts": 1, "bars": 2}
    assert {name: told[name] for name in rows} == rows
    assert told["by_type"] == {"A": 3, "T": 1}
    assert told["rejected"] == {"not_an_array": 1, "malformed": 1}
    assert told["events_per_s"] > 0
    assert "no frame" in ended.err


def test_people_are_told_where_it_is(streams: Command, tmp_path: Path) -> None:
    frames, out = tmp_path / "frames.ndjson", tmp_path / "out"
    frames.write_text(json.dumps(BARS))
    ended = streams("backtest", str(frames), "--out", str(out))
    assert ended.out.splitlines()[-1] == f"written to {out}"
    assert "4 rows of boards" in ended.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_is_ended_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    # A pipe from which nothing more comes: the command is in the middle, for as long as it likes.
    frames, out = tmp_path / "frames", tmp_path / "out"
    os.mkfifo(frames)
    pipe = os.open(frames, os.O_RDWR)
    os.write(pipe, b"[]")  # the look at its first bytes
    command = [sys.executable, "-m", "streams", "backtest", str(frames), "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + TIMEOUT_S
        while not list(out.glob(".backtest-*/*.parquet")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        _, err = process.communicate(timeout=TIMEOUT_S)
    os.close(pipe)
    assert (process.returncode, err) == (130, "")
    assert list(out.iterdir()) == []
