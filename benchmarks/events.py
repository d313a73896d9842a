"""The events that workers are measured with: bars of all symbols each second, trades and quotes of few."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator

import msgspec

from streams import records
from streams.events import Aggregate, Quote, Trade

SYMBOLS = 8_000
OPEN_MS = 1_499_697_000_000
"""2017-07-10 10:30 ET."""
MORNING = 0.02
"""How far the morning's range reaches from its middle, as a part of it."""
SPREAD = 0.007
"""Standard deviation of later prices, likewise."""
TRADES_A_SECOND = 50_000
CONDITIONS = ((), (14, 41), (37,), (14, 37, 41))
QUOTES_A_SECOND = 300_000

Batches = Iterator[tuple[int, list[bytes]]]
"""Partitions, and events for them as JSON."""


def bars(events: int, symbols: int, partitions: int) -> Batches:
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


def trades(events: int, symbols: int, partitions: int) -> Batches:
    """Yield (partition, trades) by the second until there are ``events``; a few symbols trade most."""

    def trade(rng: random.Random, symbol: str, number: int) -> Trade:
        return Trade(
            sym=symbol, x=4, i=str(number), z=3, p=round(rng.uniform(5, 50), 2), q=number,
            s=rng.randrange(1, 900), c=rng.choice(CONDITIONS),
            t=OPEN_MS + number * 1_000 // TRADES_A_SECOND,
        )  # fmt: skip

    return _of_few_most(events, symbols, partitions, TRADES_A_SECOND, trade)


def quotes(events: int, symbols: int, partitions: int) -> Batches:
    """Yield (partition, quotes) by the second until there are ``events``; a few symbols quote most."""

    def quote(rng: random.Random, symbol: str, number: int) -> Quote:
        bid = round(rng.uniform(5, 50), 2)
        return Quote(
            sym=symbol, bx=11, bp=bid, bs=rng.randrange(1, 90), ax=12, ap=round(bid + 0.01, 2),
            as_=rng.randrange(1, 90), c=0, t=OPEN_MS + number * 1_000 // QUOTES_A_SECOND, q=number, z=3,
        )  # fmt: skip

    return _of_few_most(events, symbols, partitions, QUOTES_A_SECOND, quote)


def _of_few_most(
    events: int,
    symbols: int,
    partitions: int,
    a_second: int,
    make: Callable[[random.Random, str, int], Trade | Quote],
) -> Batches:
    rng = random.Random(1)  # noqa: S311  a benchmark's data
    names = [f"S{number:04d}" for number in range(symbols)]
    places = [records.partition_of(symbol, partitions) for symbol in names]
    weights = [1 / (number + 10) for number in range(symbols)]
    made = 0
    while made < events:
        batches: defaultdict[int, list[bytes]] = defaultdict(list)
        for number in rng.choices(range(symbols), weights, k=a_second):
            made += 1
            batches[places[number]].append(msgspec.json.encode(make(rng, names[number], made)))
        yield from batches.items()
