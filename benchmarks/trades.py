"""How fast one trades worker is: last trades and each symbol's newest thousand kept and published to Redis.

It reads a prefilled md.trades. The floor, of the same run over the same topic, is a bare consumer that
decodes the same records to typed events and throws them away.
"""

from __future__ import annotations

from typing import Any

import uvloop

from benchmarks.events import SYMBOLS, trades
from benchmarks.prefilled import Workload, measure, options_of
from streams.events import BatchDecoder, Trade
from streams.topics import TRADES


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    options = options_of("trades", __doc__, argv)
    work = Workload(
        "trades",
        TRADES,
        lambda partitions: trades(options.events, SYMBOLS, partitions),
        BatchDecoder[Trade](Trade).decode,
        SYMBOLS,
    )
    return uvloop.run(measure(work, options.rounds))
