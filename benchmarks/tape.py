"""How fast the synthetic market is made, frames included, on one core.

The floor is the same frames decoded to typed events and thrown away: what a reader of the stream must spend.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from streams.events import BatchDecoder, StockEvent
from streams.sessions import REGULAR_OPEN, MarketCalendar, at
from streams.sim.frames import TapeFrame
from streams.sim.symbols import make_listings
from streams.sim.tape import Tape

DAY = date(2026, 11, 20)
SEED = 7


def main(argv: Sequence[str]) -> dict[str, Any]:
    """Run the benchmark; returns its figures. Events per second are those of one core."""
    parser = argparse.ArgumentParser(prog="tape", description=__doc__)
    parser.add_argument("--symbols", type=int, default=8_000, help="listings of the market")
    parser.add_argument("--rate", type=float, default=20_000.0, help="events in a market second")
    parser.add_argument("--seconds", type=int, default=60, help="market seconds to make")
    arguments = parser.parse_args(argv)
    listings = make_listings(arguments.symbols, SEED)
    tape = Tape(
        listings,
        np.array([listing.price for listing in listings]),
        seed=SEED,
        start_ms=at(DAY, REGULAR_OPEN),
        halts_per_hour=60.0,
        calendar=MarketCalendar(),
    )
    tape.next_second(arguments.rate)
    kinds: Counter[str] = Counter()
    frames = size = 0
    making_s = decoding_s = 0.0
    decode = BatchDecoder[Any](StockEvent).decode
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for _ in range(arguments.seconds):
        started_s = time.process_time()
        made: list[TapeFrame] = tape.next_second(arguments.rate)
        made_s = time.process_time()
        for frame in made:
            decode(frame.payload)
        decoding_s += time.process_time() - made_s
        making_s += made_s - started_s
        frames += len(made)
        for frame in made:
            kinds.update(frame.counts)
            size += len(frame.payload)
    cpu_percent = 100 * (time.process_time() - cpu_s) / (time.perf_counter() - wall_s)
    events = kinds.total()
    return {
        "name": "tape",
        "events_per_s": round(events / making_s),
        "floor_events_per_s": round(events / decoding_s),
        "ratio": round(decoding_s / making_s, 3),
        "dropped": 0,
        "cpu_percent": round(cpu_percent),
        "events": events,
        "events_a_frame": round(events / frames, 1),
        "bytes_an_event": round(size / events, 1),
        "mix": {kind: round(count / events, 4) for kind, count in kinds.items()},
    }
