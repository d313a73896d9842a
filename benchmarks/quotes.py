"""How fast one quotes worker is: newest quotes kept and published to Redis, ten times a second.

It reads a prefilled md.quotes. The floor, of the same run over the same topic, is a bare consumer that
decodes the same records to typed events and throws them away.
"""

from __future__ import annotations

from typing import Any

import uvloop

from benchmarks.events import SYMBOLS, quotes
from benchmarks.prefilled import Workload, measure, options_of
from streams.events import BatchDecoder, Quote
from streams.topics import QUOTES


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    options = options_of("quotes", __doc__, argv)
    work = Workload(
        "quotes",
        QUOTES,
        lambda partitions: quotes(options.events, SYMBOLS, partitions),
        BatchDecoder[Quote](Quote).decode,
        SYMBOLS,
    )
    return uvloop.run(measure(work, options.rounds))
