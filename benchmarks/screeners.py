"""What user-defined boards cost a worker: a second of a market in which every symbol trades.

All of it on one core: rows, partials of 8 partitions, their encoding and their merging; once without
screeners (the floor) and once with those of docs/screeners.example.toml.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from streams.events import Aggregate
from streams.reference.model import KnownReference, Reference
from streams.scanner.partial import Merger, decode, encode
from streams.scanner.partition import PartitionScanner
from streams.scanner.screener import Screener
from streams.scanner.screener_boards import ScreenerBoards
from streams.scanner.screener_file import read_screeners
from streams.scanner.symbol import SymbolState, SymbolStates
from streams.sessions import MarketCalendar
from streams.telemetry import Counters

EXAMPLE = Path(__file__).parents[1] / "docs" / "screeners.example.toml"
PARTITIONS = 8
START_MS = 1_499_697_000_000
"""2017-07-10 10:30 ET."""


def references(rng: random.Random, symbols: int, day_ms: int) -> dict[str, KnownReference]:
    """Return reference data of a market."""
    return {
        f"S{number:05d}": KnownReference(
            0,
            Reference(
                symbol=f"S{number:05d}", day_ms=day_ms, prev_day_close=rng.uniform(4, 60),
                avg_volume=rng.uniform(1e4, 1e6), free_float=rng.uniform(1e6, 1e8),
                security_type=rng.choice(["CS", "CS", "ETF"]), exchange=rng.choice(["XNYS", "XNAS"]),
            ),
        )
        for number in range(symbols)
    }  # fmt: skip


def bars(rng: random.Random, symbols: list[str], second: int) -> Iterator[Aggregate]:
    """Yield a second's bars."""
    for symbol in symbols:
        price, start = round(rng.uniform(5, 50), 2), START_MS + second * 1_000
        yield Aggregate(
            sym=symbol, v=100, av=(second + 1) * rng.randrange(1_000, 90_000), op=20.0, vw=price, o=price,
            c=price, h=price, l=price, a=20.1, z=100, s=start, e=start + 1_000,
        )  # fmt: skip


def seconds(screeners: tuple[Screener, ...], symbols: int, count: int) -> list[float]:
    """Return the CPU time in ms that each second's boards took."""
    rng, calendar = random.Random(1), MarketCalendar()  # noqa: S311  a benchmark's data
    known = references(rng, symbols, calendar.day_at(START_MS).start_ms)
    names = [list(known)[number::PARTITIONS] for number in range(PARTITIONS)]
    rows: list[dict[str, SymbolState]] = [{} for _ in names]
    states = [SymbolStates(each, calendar, Counters()) for each in rows]
    scanners = [PartitionScanner(number, each, known.get, screeners) for number, each in enumerate(rows)]
    merger, boards = Merger(PARTITIONS), ScreenerBoards()
    taken = []
    for second in range(count + 1):
        for number, of_partition in enumerate(states):
            of_partition.apply(bars(rng, names[number], second), second, None)
        started = time.thread_time()
        for scanner in scanners:
            if (made := scanner.partial()) is not None:
                merger.accept(decode(encode(made)))
        merger.boards()
        boards.changes(merger.newest(), second)
        taken.append((time.thread_time() - started) * 1_000)
    return taken[1:]


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench screeners", description=__doc__)
    parser.add_argument("--file", type=Path, default=EXAMPLE, help="definitions")
    parser.add_argument(
        "--times", type=int, default=1, help="how often each of them is there, as of many users"
    )
    parser.add_argument("--symbols", type=int, default=8_000, help="how many symbols trade each second")
    parser.add_argument("--seconds", type=int, default=10, help="how many seconds are measured")
    options = parser.parse_args(argv)
    screeners = tuple(
        msgspec.structs.replace(screener, name=f"{screener.name}_{number}")
        for number in range(options.times)
        for screener in read_screeners(options.file)
    )
    floor = median(seconds((), options.symbols, options.seconds))
    with_screeners = median(seconds(screeners, options.symbols, options.seconds))
    return {
        "name": "screeners",
        "symbols": options.symbols,
        "screeners": len(screeners),
        "floor_ms_per_s": round(floor, 1),
        "ms_per_s": round(with_screeners, 1),
        "added_ms_per_s": round(with_screeners - floor, 1),
    }
