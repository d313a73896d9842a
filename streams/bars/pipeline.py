"""The bars' flow in one worker: batches in; minute bars, longer ones and newest raw bars out.

A symbol's bars are lists in Redis of which only the newest part is written when something changes: to write
all 960 each second would be 80 KB a symbol. A full day takes 87 KB a symbol there, 115 KB with the longer
bars; on an ordinary day the whole market's take some 250 MB. Of 8,000 symbols that trade every second a
worker needs a quarter of a core; in catching up it reads 150,000 bars a second (benchmarks/bars.py).

Trades make the bars of minutes that have none of the vendor's, so that a symbol has its chart whatever is
subscribed. That is the listener's to know, and may change while it runs; so the workers read md.trades
unless ``bars_from_trades`` is off. A trade of a minute that the vendor tells costs 0.3 µs beside its decoding
(0.45 µs), another one 1.3 µs; where the vendor tells all minutes, turning it off saves that, and the traffic.
"""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from typing import Final

from faust.types import EventT

from streams import feeds
from streams.bars.minute import Hour
from streams.bars.partition import PartitionBars
from streams.bars.symbols import SymbolBars
from streams.bars.traded import TradedHour, TradeHead
from streams.bars.volume_curves import VolumeCurves
from streams.emit import Emitter
from streams.emit.tails import Tail
from streams.events import Aggregate, BatchDecoder, MinuteAggregate
from streams.sessions import MarketCalendar
from streams.settings import Settings
from streams.slices import SliceDecoder
from streams.state.table import Batch, WriteBehindTable
from streams.topics import AGGREGATES, TRADES
from streams.worker import WorkerApp

FEEDS: Final = {
    1: feeds.BARS_MINUTE,
    5: feeds.BARS_5_MINUTES,
    15: feeds.BARS_15_MINUTES,
    60: feeds.BARS_HOUR,
}
"""The feed of each span in minutes."""
LESS_OFTEN: Final = {1: 1, 5: 5, 15: 15, 60: 15}
"""How many times less often than a minute's the running bar of a span is published."""
FLUSH_LESS_OFTEN: Final = 5
"""How many times less often than others' rows these are written behind. An hour is 2 KB and more, and each
second bar changes one: 8,000 a second would be some 25 MB/s. A fifth of that costs five seconds' replay.
"""
BARS_A_FLUSH: Final = 20_000
"""Most bars of a feed that are made at once, some 50 ms: whole days of all symbols take several flushes."""


class Pipeline:
    """One worker's share of the bars.

    Args:
        app: The Faust app that feeds it.
    """

    def __init__(self, app: WorkerApp) -> None:
        self._app = app
        self._counters = app.counters
        self._calendar = MarketCalendar()
        self._bars = SliceDecoder[Aggregate | MinuteAggregate](Aggregate | MinuteAggregate)
        self._trades = BatchDecoder[TradeHead](TradeHead)
        self.hours = WriteBehindTable(
            app,
            "hours",
            Hour,
            partitions=app.settings.partitions(AGGREGATES),
            settings=_less_often(app.settings),
            counters=app.counters,
            tracer=app.traces,
            on_recovered=lambda partition: self._on_recovered(partition.number),
            on_revoked=self._on_revoked,
        )
        self.traded: WriteBehindTable[TradedHour] | None = None
        if app.settings.bars_from_trades:
            self.traded = WriteBehindTable(
                app,
                "traded-hours",
                TradedHour,
                partitions=app.settings.partitions(TRADES),
                settings=_less_often(app.settings),
                counters=app.counters,
                tracer=app.traces,
                on_recovered=lambda partition: self._on_recovered(partition.number),
            )
        self._partitions: dict[int, PartitionBars] = {}
        self._curves = VolumeCurves(app.settings, app.counters, self._partitions)
        self._due = dict.fromkeys(FEEDS, 0.0)
        self._emitter = Emitter(app.settings, app.counters, app.passage, app.traces)
        app.redis = lambda: self._emitter.connected
        self._emitter.source(feeds.AGGREGATE, self._raws, self._resync_raws)
        for span, feed in FEEDS.items():
            self._emitter.tails(
                feed,
                functools.partial(self._tails, span),
                functools.partial(self._resync, span),
                functools.partial(self._rewrite, span),
            )

    async def follow(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.aggregates."""
        async for event in events:
            batch = await self.hours.accept(event)
            if batch is not None:
                with self._app.applying(AGGREGATES, batch.received_ms, batch.traceparent):
                    self._apply(batch)

    async def trade(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.trades, for bars where the vendor has none; not where ``bars_from_trades`` is off."""
        async for event in events:
            batch = None if self.traded is None else await self.traded.accept(event)
            if batch is not None:
                with self._app.applying(TRADES, batch.received_ms, batch.traceparent):
                    self._trade(batch)

    def background(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what runs beside the agent, each for as long as the worker."""
        flushes = [self.hours.run] if self.traded is None else [self.hours.run, self.traded.run]
        return [*flushes, self._emit, self._curves.run]

    async def _emit(self) -> None:
        async with self._emitter:
            await self._app.wait_for_stop()

    def _apply(self, batch: Batch[Hour]) -> None:
        slices = self._bars.decode(batch.payload)
        newest_ms = slices.events[-1].e if slices.events else None
        self._app.note_events(AGGREGATES, len(slices.events), slices.rejected, newest_ms)
        self._partitions[batch.partition.number].symbols.apply(
            slices.events,
            slices.raws,
            batch.offset,
            batch.received_ms,
            again=batch.partition.replays(batch.offset),
        )

    def _trade(self, batch: Batch[TradedHour]) -> None:
        trades, rejected = self._trades.decode(batch.payload)
        newest_ms = trades[-1].t if trades else None
        self._app.note_events(TRADES, len(trades), rejected, newest_ms)
        self._partitions[batch.partition.number].symbols.trade(
            trades, batch.offset, batch.received_ms, again=batch.partition.replays(batch.offset)
        )

    def _on_recovered(self, number: int) -> None:
        # The tables are recovered one after the other; nothing is read before both are.
        hours = self.hours.partitions.get(number)
        traded = None if self.traded is None else self.traded.partitions.get(number)
        if hours is None or (traded is None and self.traded is not None):
            return
        symbols = SymbolBars(
            hours.rows, {} if traded is None else traded.rows, self._calendar, self._counters
        )
        self._partitions[number] = PartitionBars(symbols)

    def _on_revoked(self, number: int) -> None:
        self._partitions.pop(number, None)

    def _tails(self, span: int) -> Iterator[Tail]:
        now = time.monotonic()
        if now < self._due[span]:
            return
        left = BARS_A_FLUSH
        for partition in self._partitions.values():
            for tail in partition.tails(span, left):
                left -= len(tail.values)
                yield tail
            if left <= 0:
                return
        self._due[span] = now + self._app.settings.bar_interval_s * LESS_OFTEN[span]

    def _resync(self, span: int) -> None:
        for partition in self._partitions.values():
            partition.resync(span)

    def _rewrite(self, span: int, symbol: str) -> None:
        for partition in self._partitions.values():
            partition.rewrite(span, symbol)

    def _raws(self) -> Iterator[tuple[str, bytes]]:
        for partition in self._partitions.values():
            yield from partition.raws()

    def _resync_raws(self) -> None:
        for partition in self._partitions.values():
            partition.resync_raws()


def _less_often(settings: Settings) -> Settings:
    """Return the settings of tables that are written behind `FLUSH_LESS_OFTEN`."""
    return settings.model_copy(update={"flush_interval_s": settings.flush_interval_s * FLUSH_LESS_OFTEN})
