"""How fast a backtest is on one core: recorded bars in, boards, alerts and minute bars as Parquet out.

The floor is the same file read and its frames decoded to typed events, which are thrown away.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.events import SYMBOLS, bars
from streams.backtest.run import run
from streams.events import Aggregate, BatchDecoder, MinuteAggregate
from streams.recorded import RecordedFile
from streams.records import join

EVENTS = 2_000_000
ROUNDS = 3
FRAME_EVENTS = 200
"""Bars of a frame: the vendor sends those of a second in a few dozen frames."""


def frames(events: int) -> Iterator[bytes]:
    """Yield recorded frames, a line each."""
    for _, second in bars(events, SYMBOLS, 1):
        for start in range(0, len(second), FRAME_EVENTS):
            yield join(itertools.islice(second, start, start + FRAME_EVENTS)) + b"\n"


def floor(path: Path) -> float:
    """Return how many seconds of the processor it takes to decode a recording."""
    decode = BatchDecoder[Aggregate](Aggregate | MinuteAggregate).decode
    started = time.process_time()
    with RecordedFile(path).open() as lines:
        while batch := lines.read():
            for frame in batch:
                decode(frame)
    return time.process_time() - started


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures: the best round's, events a second of one core."""
    parser = argparse.ArgumentParser(prog="bench backtest", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many bars are recorded")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many measurements")
    options = parser.parse_args(argv)
    with TemporaryDirectory() as name:
        path, out = Path(name) / "bars.ndjson", Path(name) / "out"
        with path.open("wb") as file:
            file.writelines(frames(options.events))
        floor_s, took_s = [], []
        for _ in range(options.rounds):
            floor_s.append(floor(path))
            started = time.process_time()
            report = run([path], out, now_ms=time.time_ns() // 1_000_000, force=True)
            took_s.append(time.process_time() - started)
    return {
        "name": "backtest",
        "events_per_s": round(report.events / min(took_s)),
        "floor_events_per_s": round(report.events / min(floor_s)),
        "ratio": round(min(floor_s) / min(took_s), 3),
        "dropped": sum(report.rejected.values()),
        "events": report.events,
        "alerts": report.alerts,
        "bars": report.bars,
        "wall_seconds": report.seconds,
    }
