"""How fast one durable bars worker is: RocksDB, changelog and Redis emission on.

It reads a prefilled md.aggregates in which every symbol has a second bar each second. The floor, of the same
run over the same topic, is a bare consumer that decodes the same records to typed events, no more. Then the
same of md.trades, as where the vendor's bars are not subscribed (``from_trades``).
"""

from __future__ import annotations

import gc
import time
from typing import Any

import msgspec
import psutil
import uvloop

from benchmarks.events import SYMBOLS, bars, trades
from benchmarks.prefilled import Workload, measure, options_of
from streams.bars.minute import MINUTE_MS
from streams.bars.partition import PartitionBars
from streams.bars.symbols import SymbolBars
from streams.events import Aggregate, BatchDecoder, MinuteAggregate, Trade
from streams.sessions import MarketCalendar
from streams.telemetry import Counters
from streams.topics import AGGREGATES, TRADES

DAY_MS = 1_499_673_600_000
"""2017-07-10 04:00 ET."""
DAY_MINUTES = 960


def full_day() -> dict[str, Any]:
    """Return what a whole day of all symbols costs one worker: memory, and time to make every list anew."""
    symbols = SymbolBars({}, {}, MarketCalendar(), Counters())
    gc.collect()
    before = psutil.Process().memory_info().rss
    for minute in range(DAY_MINUTES):
        start = DAY_MS + minute * MINUTE_MS
        told = [
            MinuteAggregate(
                sym=f"S{number:04d}", v=1_000, av=minute * 1_000, vw=10.5, o=10.0, c=10.2, h=11.0, l=9.0,
                s=start, e=start + MINUTE_MS,
            )
            for number in range(SYMBOLS)
        ]  # fmt: skip
        raw = msgspec.json.encode(told[0])
        symbols.apply(told, [raw] * SYMBOLS, minute, None)
        symbols.changed.clear()
    resident = psutil.Process().memory_info().rss - before
    partition = PartitionBars(symbols)
    started = time.perf_counter()
    written = sum(len(tail.values) for tail in partition.tails(1, DAY_MINUTES * SYMBOLS))
    return {
        "full_day_mb": round(resident / 1e6),
        "full_day_bars": written,
        "full_day_made_anew_s": round(time.perf_counter() - started, 1),
    }


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    options = options_of("bars", __doc__, argv)
    decode = BatchDecoder[Aggregate](Aggregate | MinuteAggregate).decode
    work = Workload(
        "bars", AGGREGATES, lambda partitions: bars(options.events, SYMBOLS, partitions), decode, SYMBOLS
    )
    of_trades = Workload(
        "bars",
        TRADES,
        lambda partitions: trades(options.events, SYMBOLS, partitions),
        BatchDecoder[Trade](Trade).decode,
        SYMBOLS,
    )
    return {
        **uvloop.run(measure(work, options.rounds)),
        "from_trades": uvloop.run(measure(of_trades, options.rounds)),
        **full_day(),
    }
