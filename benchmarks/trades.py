"""How fast one trades worker is: last trades and each symbol's newest thousand kept and published to Redis.

It reads a prefilled md.trades. The floor, of the same run over the same topic, is a bare consumer that
decodes the same records to typed events and throws them away.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import uvloop

from benchmarks.prefilled import Workload, measure
from benchmarks.scanner import OPEN_MS, SYMBOLS
from streams import records
from streams.events import BatchDecoder, Trade
from streams.topics import TRADES

EVENTS = 2_000_000
ROUNDS = 3
TRADES_A_SECOND = 50_000
CONDITIONS = ((), (14, 41), (37,), (14, 37, 41))


def trades(events: int, symbols: int, partitions: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield (partition, trades) by the second until there are ``events``; a few symbols trade most."""
    rng = random.Random(1)  # noqa: S311  a benchmark's data
    names = [f"S{number:04d}" for number in range(symbols)]
    places = [records.partition_of(symbol, partitions) for symbol in names]
    weights = [1 / (number + 10) for number in range(symbols)]
    made = 0
    while made < events:
        batches: defaultdict[int, list[bytes]] = defaultdict(list)
        for number in rng.choices(range(symbols), weights, k=TRADES_A_SECOND):
            made += 1
            trade = Trade(
                sym=names[number], x=4, i=str(made), z=3, p=round(rng.uniform(5, 50), 2), q=made,
                s=rng.randrange(1, 900), c=rng.choice(CONDITIONS),
                t=OPEN_MS + made * 1_000 // TRADES_A_SECOND,
            )  # fmt: skip
            batches[places[number]].append(msgspec.json.encode(trade))
        yield from batches.items()


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench trades", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many events are prefilled")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many measurements")
    options = parser.parse_args(argv)
    work = Workload(
        "trades",
        TRADES,
        lambda partitions: trades(options.events, SYMBOLS, partitions),
        BatchDecoder[Trade](Trade).decode,
        SYMBOLS,
    )
    return uvloop.run(measure(work, options.rounds))
