"""How fast one quotes worker is: newest quotes kept and published to Redis, ten times a second.

It reads a prefilled md.quotes. The floor, of the same run over the same topic, is a bare consumer that
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
from streams import records
from streams.events import BatchDecoder, Quote
from streams.topics import QUOTES

SYMBOLS = 8_000
EVENTS = 2_000_000
ROUNDS = 3
OPEN_MS = 1_499_697_000_000
"""2017-07-10 10:30 ET."""
QUOTES_A_SECOND = 300_000


def quotes(events: int, symbols: int, partitions: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield (partition, quotes) by the second until there are ``events``; a few symbols quote most."""
    rng = random.Random(1)  # noqa: S311  a benchmark's data
    names = [f"S{number:04d}" for number in range(symbols)]
    places = [records.partition_of(symbol, partitions) for symbol in names]
    weights = [1 / (number + 10) for number in range(symbols)]
    made = 0
    while made < events:
        batches: defaultdict[int, list[bytes]] = defaultdict(list)
        for number in rng.choices(range(symbols), weights, k=QUOTES_A_SECOND):
            made += 1
            bid = round(rng.uniform(5, 50), 2)
            quote = Quote(
                sym=names[number], bx=11, bp=bid, bs=rng.randrange(1, 90), ax=12, ap=round(bid + 0.01, 2),
                as_=rng.randrange(1, 90), c=0, t=OPEN_MS + made * 1_000 // QUOTES_A_SECOND, q=made, z=3,
            )  # fmt: skip
            batches[places[number]].append(msgspec.json.encode(quote))
        yield from batches.items()


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench quotes", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many events are prefilled")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many measurements")
    options = parser.parse_args(argv)
    work = Workload(
        "quotes",
        QUOTES,
        lambda partitions: quotes(options.events, SYMBOLS, partitions),
        BatchDecoder[Quote](Quote).decode,
        SYMBOLS,
    )
    return uvloop.run(measure(work, options.rounds))
