"""Recorded frames for tests, and the events that are in them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from random import Random

import numpy as np

from streams.sessions import MarketCalendar
from streams.sim.symbols import make_listings
from streams.sim.tape import Tape
from tests.scanner.brute_force import NEW_YORK, Arrival, Json, start_ms

IEX = Path(__file__).parents[3] / "shared" / "data" / "iex-tops-2017-07-10.ndjson.gz"
"""A real exchange capture, given beside the project and no part of it."""

START = datetime(2026, 11, 20, 9, 29, 50, tzinfo=NEW_YORK)
"""Ten seconds before the open of a Friday."""

BAD_FRAMES = [
    b'[{"ev":"A","sym":"S1","c":1.0',
    b"not json at all",
    b"[]",
    b'{"ev":"ZZ","sym":"A"}',
    b'[{"ev":"A","sym":"NANS","c":NaN,"av":1,"s":1,"e":2}]',
    b'[{"ev":"A","sym":"NEGATIVE","c":-1.0,"av":1,"s":1795185000000,"e":1795185001000}]',
    b'[{"ev":"A","sym":"TEXT","c":"1.0","av":1,"s":1795185000000,"e":1795185001000}]',
    b'[{"ev":"A","c":1.0,"av":1,"s":1795185000000,"e":1795185001000}]',
    b'["A",null,17,{"ev":7}]',
    b"\xff\xfe\x00",
]
GOOD_BAR = (
    b'{"ev":"A","sym":"BRK.B/\xc3\xa9","v":5,"av":77,"o":2.0,"c":3.0,"s":1795185001000,"e":1795185002000}'
)
MIXED_FRAME = (
    b'[{"ev":"A","sym":"X","c":NaN},' + GOOD_BAR + b',{"ev":"A","sym":"Y","c":-2,"av":1,"s":1,"e":2}]'
)
"""One good bar among bad ones."""


def read_frames(path: Path) -> list[bytes]:
    """Return the frames of a recording."""
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).splitlines()


def arrivals_of(frames: Iterable[bytes]) -> list[Arrival]:
    """Return the events of frames that are well formed."""
    return [Arrival(event) for frame in frames for event in json.loads(frame)]


def first_seconds(frames: Sequence[bytes], seconds: float) -> list[bytes]:
    """Return the frames until ``seconds`` of event time after the first."""
    times = [_time_ms(json.loads(frame)[0]) for frame in frames]
    return [
        frame for frame, time_ms in zip(frames, times, strict=True) if time_ms < times[0] + seconds * 1_000
    ]


def _time_ms(event: Json) -> int:
    return int(event.get("e") or event["t"])


def synthetic_segments(
    seconds: Sequence[int], symbols: int = 640, events: float = 2_500
) -> list[list[bytes]]:
    """Return a synthetic market around the open, cut into segments of so many seconds."""
    listings = make_listings(symbols, seed=11)
    tape = Tape(
        listings,
        np.array([listing.price for listing in listings]),
        seed=11,
        start_ms=int(START.timestamp() * 1000),
        halts_per_hour=60,
        calendar=MarketCalendar(),
    )
    return [
        [frame.payload for _ in range(length) for frame in tape.next_second(events, 10)] for length in seconds
    ]


def with_bad_frames(frames: Sequence[bytes], seed: int = 5) -> list[bytes]:
    """Return ``frames`` with bad ones between them, and one that is partly good."""
    random = Random(seed)
    mixed = list(frames)
    for bad in [*BAD_FRAMES * 3, MIXED_FRAME]:
        mixed.insert(random.randrange(len(mixed)), bad)
    return mixed


def write_recording(path: Path, frames: Iterable[bytes]) -> Path:
    """Write frames to a file, as a recording."""
    path.write_bytes(b"\n".join(frames) + b"\n")
    return path


def write_reference(path: Path, arrivals: Iterable[Arrival], day: datetime, previous: datetime) -> list[Json]:
    """Write a reference file for the symbols of ``arrivals``.

    Args:
        path: Where to.
        arrivals: Events.
        day: The day for which the loader is asked.
        previous: The session before.

    Returns:
        What the loader makes of it.
    """
    random = Random(3)
    symbols = sorted({each.event["sym"] for each in arrivals if each.event.get("ev") == "A"})
    companies, expected = [], []
    for symbol in symbols:
        low = round(random.uniform(1, 100), 2)
        bar = {"o": low + 1, "h": low + 3, "l": low, "c": low + 2, "v": random.randint(1, 10**6)}
        free_float = random.randint(10**5, 10**9)
        daily = [{"date": previous.date().isoformat(), **bar}]
        companies.append({"symbol": symbol, "free_float": free_float, "type": "CS", "daily": daily})
        expected.append(
            {
                "symbol": symbol,
                "day_ms": start_ms(day.date()),
                "prev_day_close": bar["c"],
                "prev_day_open": bar["o"],
                "prev_day_high": bar["h"],
                "prev_day_low": bar["l"],
                "prev_day_volume": bar["v"],
                "avg_volume": bar["v"],
                "free_float": free_float,
                "security_type": "CS",
            }
        )
    path.write_text("\n".join(json.dumps(company) for company in companies))
    return expected
