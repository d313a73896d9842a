"""Runs backtests of frames, and reads what they write."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from streams.backtest.report import Report
from streams.backtest.run import run
from tests.bars import brute_force as brute_bars
from tests.scanner.brute_force import Json, Market

NOW_MS = 4_000_000_000_000
"""Later than the events of any test."""


class Results(NamedTuple):
    """The rows of the files, without what is null where that does not matter."""

    boards: dict[str, list[Json]]
    alerts: list[Json]
    bars: list[Json]

    def bars_by_symbol(self) -> dict[str, list[Json]]:
        """Return the bars of each symbol's newest day."""
        found: dict[str, list[Json]] = {}
        for bar in self.bars:
            its = found.setdefault(bar["symbol"], [])
            if its and brute_bars.day_of(bar["t"]) != brute_bars.day_of(its[-1]["t"]):
                its.clear()
            its.append({name: value for name, value in bar.items() if name != "symbol"})
        return found

    def told(self) -> list[Json]:
        """Return the alerts without their ids, which must differ, in an order of their own."""
        assert len({alert["id"] for alert in self.alerts}) == len(self.alerts)
        return without_ids(self.alerts)


def without_ids(alerts: Iterable[Json]) -> list[Json]:
    """Return alerts as they can be compared with those of another run."""
    return sorted(({**alert, "id": ""} for alert in alerts), key=_place)


def _place(alert: Json) -> tuple[object, ...]:
    return alert["symbol"], alert["timestamp"], alert["direction"], alert["hits"]


def read_results(folder: Path) -> Results:
    """Return what a backtest has written."""
    tables = {name: pq.read_table(folder / f"{name}.parquet").to_pylist() for name in Results._fields}
    boards = {
        name: [{key: value for key, value in row.items() if key != "board"} for row in rows]
        for name, rows in itertools.groupby(tables["boards"], lambda row: row["board"])
    }
    return Results(boards, tables["alerts"], tables["bars"])


def boards_of(market: Market) -> dict[str, list[Json]]:
    """Return the boards of a brute force that have rows, by name."""
    boards = {
        "top_volume": market.top_volume,
        "top_gappers": market.top_gappers,
        "top_gainers": market.top_gainers,
    }
    return {name: rows for name, rows in boards.items() if rows}


def write_frames(path: Path, frames: Iterable[bytes]) -> Path:
    """Write a recording."""
    path.write_bytes(b"".join(frame + b"\n" for frame in frames))
    return path


def write_references(path: Path, references: Iterable[Json]) -> Path:
    """Write reference data, as md.reference has it."""
    path.write_text("".join(json.dumps(reference) + "\n" for reference in references))
    return path


def backtested(
    folder: Path,
    *recordings: Iterable[bytes],
    references: Iterable[Json] | None = None,
    now_ms: int = NOW_MS,
) -> tuple[Report, Results]:
    """Run a backtest of some recordings; return its report and its results."""
    folder.mkdir(exist_ok=True)
    paths = [write_frames(folder / f"{number}.ndjson", frames) for number, frames in enumerate(recordings)]
    known = None if references is None else write_references(folder / "reference.ndjson", references)
    report = run(paths, folder / "out", now_ms=now_ms, reference=known, force=True)
    return report, read_results(folder / "out")
