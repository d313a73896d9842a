"""The trades' flow in one worker: batches in; last trades, partials and top trades out.

State after a crash comes from the table, not from replaying the topic's last minutes: a quiet symbol's
thousand trades reach back hours, md.trades fifteen minutes, so a replay would give smaller windows.
The table costs little, as a flush writes only open blocks (`block`), some 600 bytes a busy symbol and second.
Measured: 8,000 full windows take 250 MB with all that belongs to them; to make them from their rows takes
0.3 s beside the reading. A trade costs 1.5 µs beside its decoding, the partials of all windows 0.1 s.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from typing import Final

import msgspec
from faust.types import EventT

from streams import feeds
from streams.emit import Emitter
from streams.events import Trade
from streams.sessions import MarketCalendar
from streams.slices import SliceDecoder
from streams.state.partition import Partition
from streams.state.table import Batch, WriteBehindTable
from streams.telemetry import Reporter
from streams.topics import TRADES, TRADES_PARTIALS
from streams.trades import top
from streams.trades.block import Block
from streams.trades.partition import PartitionTrades
from streams.worker import WorkerApp
from streams.writer import RecordWriter

logger = logging.getLogger(__name__)

MERGE_PHASE: Final = 0.2
"""The widgets follow the partials after this share of the interval."""


class Pipeline:
    """One worker's share of the trades.

    Args:
        app: The Faust app that feeds it.
        emitter: Where its feeds go; its owner starts it.
    """

    def __init__(self, app: WorkerApp, emitter: Emitter) -> None:
        self._app = app
        self._settings = app.settings
        self._counters = app.counters
        self._emitter = emitter
        self._reporter = Reporter(logger)
        self._calendar = MarketCalendar()
        self._trades = SliceDecoder[Trade](Trade)
        partitions = app.settings.partitions(TRADES)
        self.blocks = WriteBehindTable(
            app,
            "blocks",
            Block,
            partitions=partitions,
            settings=app.settings,
            counters=app.counters,
            tracer=app.traces,
            on_recovered=self._on_recovered,
            on_revoked=self._on_revoked,
        )
        self._partitions: dict[int, PartitionTrades] = {}
        self._merger = top.Merger(partitions)
        self._partials = RecordWriter(app.settings)
        emitter.source(feeds.TRADE, self._last_trades, self._republish)

    async def trade(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.trades."""
        async for event in events:
            batch = await self.blocks.accept(event)
            if batch is not None:
                with self._app.applying(TRADES, batch.received_ms, batch.traceparent):
                    self._apply(batch)

    async def merge(self, payloads: AsyncIterable[bytes | None]) -> None:
        """Read the partials of all partitions."""
        async for payload in payloads:
            try:
                self._merger.accept(top.decode(payload or b""))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._counters.add("partials_rejected")
                self._reporter.warn("a partial cannot be read", str(error))

    def background(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what runs beside the agents, each for as long as the worker."""
        return [self.blocks.run, self._publish_partials, self._publish_widgets]

    async def _publish_partials(self) -> None:
        """Send the partials that changed, once in ``top_trades_interval_s``, for ever."""
        topic = self._settings.topic(TRADES_PARTIALS)
        try:
            while True:
                await asyncio.sleep(_until_next(self._settings.top_trades_interval_s, 0.0))
                for partition in list(self._partitions.values()):
                    partial = partition.partial()
                    if partial is None:
                        continue
                    key, record = b"%d" % partition.number, top.encode(partial)
                    if await self._partials.write(topic, 0, [(key, record)]) is None:
                        partition.resend()
                    else:
                        self._counters.add("partials_sent")
        finally:
            await self._partials.close()

    async def _publish_widgets(self) -> None:
        """Publish top trades, once in ``top_trades_interval_s`` where they changed, for ever.

        All of the top are written, unchanged ones too: their keys must not expire while the market goes on.
        """
        while True:
            await asyncio.sleep(_until_next(self._settings.top_trades_interval_s, MERGE_PHASE))
            widgets = self._merger.widgets()
            if widgets is None:
                continue
            self._emitter.put(feeds.TOP_TRADES_ALL, widgets.everything)
            for symbol, stats in widgets.top.items():
                self._emitter.put(feeds.TOP_TRADES, stats, symbol)
            self._counters.add("widgets_published")

    def _apply(self, batch: Batch[Block]) -> None:
        slices = self._trades.decode(batch.payload)
        newest_ms = slices.events[-1].t if slices.events else None
        self._app.note_events(TRADES, len(slices.events), slices.rejected, newest_ms)
        partition = self._partitions[batch.partition.number]
        if batch.partition.replays(batch.offset):
            slices = partition.unseen(slices, batch.offset)
        partition.apply(slices, batch.offset, batch.received_ms)

    def _on_recovered(self, partition: Partition[Block]) -> None:
        self._partitions[partition.number] = PartitionTrades(
            partition.number, partition.rows, self._calendar, self._counters
        )

    def _on_revoked(self, number: int) -> None:
        # Every worker sends its partials again after a rebalance; older ones may be of other owners.
        self._merger.forget()
        del self._partitions[number]

    def _last_trades(self) -> Iterator[tuple[str, bytes]]:
        for partition in self._partitions.values():
            yield from partition.last_trades()

    def _republish(self) -> None:
        for partition in self._partitions.values():
            partition.republish()


def _until_next(interval_s: float, phase: float) -> float:
    """Return the seconds until the wall clock is at the next multiple of the interval, plus its ``phase``."""
    return interval_s - (time.time() - phase * interval_s) % interval_s
