"""How fast one durable scanner worker is: RocksDB, changelog and Redis emission on.

It reads a prefilled md.aggregates. The floor, of the same run over the same topic, is a bare consumer
that decodes the same records to typed events and throws them away.
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
from streams import records
from streams.events import Aggregate, BatchDecoder, MinuteAggregate
from streams.topics import AGGREGATES

SYMBOLS = 8_000
EVENTS = 2_000_000
ROUNDS = 3
OPEN_MS = 1_499_697_000_000
"""2017-07-10 10:30 ET."""
MORNING = 0.02
"""How far the morning's range reaches from its middle, as a part of it."""
SPREAD = 0.007
"""Standard deviation of later prices, likewise."""


def bars(events: int, symbols: int, partitions: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield (partition, bars) by the second until there are ``events``: every symbol trades each second.

    The first bars span the morning; later ones lie about its middle, so that of three hundred about one
    breaks the day's range.
    """
    rng = random.Random(1)  # noqa: S311  a benchmark's data
    by_partition: defaultdict[int, list[str]] = defaultdict(list)
    for number in range(symbols):
        symbol = f"S{number:04d}"
        by_partition[records.partition_of(symbol, partitions)].append(symbol)
    names = [symbol for group in by_partition.values() for symbol in group]
    middle = {symbol: rng.uniform(5, 50) for symbol in names}
    volume = dict.fromkeys(names, 0)
    second = made = 0
    while made < events:
        start = OPEN_MS + second * 1000
        for partition, group in by_partition.items():
            batch = []
            for symbol in group:
                size, price = rng.randrange(1, 5_000), round(middle[symbol] * rng.gauss(1, SPREAD), 2)
                high = price if second else round(middle[symbol] * (1 + MORNING), 2)
                low = price if second else round(middle[symbol] * (1 - MORNING), 2)
                volume[symbol] += size
                batch.append(
                    Aggregate(
                        sym=symbol, v=size, av=volume[symbol], op=20.0, vw=price, o=price, c=price,
                        h=high, l=low, a=20.1234, z=100, s=start, e=start + 1000,
                    )
                )  # fmt: skip
            made += len(batch)
            yield partition, [msgspec.json.encode(bar) for bar in batch]
        second += 1


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench scanner", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many events are prefilled")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many measurements")
    options = parser.parse_args(argv)
    decode = BatchDecoder[Aggregate](Aggregate | MinuteAggregate).decode
    work = Workload(
        "scanner", AGGREGATES, lambda partitions: bars(options.events, SYMBOLS, partitions), decode, SYMBOLS
    )
    return uvloop.run(measure(work, options.rounds))
