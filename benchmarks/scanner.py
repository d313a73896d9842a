"""How fast one durable scanner worker is: RocksDB, changelog and Redis emission on.

It reads a prefilled md.aggregates. The floor, of the same run over the same topic, is a bare consumer
that decodes the same records to typed events and throws them away.
"""

from __future__ import annotations

from typing import Any

import uvloop

from benchmarks.events import SYMBOLS, bars
from benchmarks.prefilled import Workload, measure, options_of
from streams.events import Aggregate, BatchDecoder, MinuteAggregate
from streams.topics import AGGREGATES


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    options = options_of("scanner", __doc__, argv)
    work = Workload(
        "scanner",
        AGGREGATES,
        lambda partitions: bars(options.events, SYMBOLS, partitions),
        BatchDecoder[Aggregate](Aggregate | MinuteAggregate).decode,
        SYMBOLS,
    )
    return uvloop.run(measure(work, options.rounds))
