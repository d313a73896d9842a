"""The quotes' flow in one worker: batches in, the newest of each symbol out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from typing import Final

import faust
from faust.types import TP, EventT

from streams import feeds, records
from streams.backoff import Backoff
from streams.emit import Emitter
from streams.quotes.kept import read_kept
from streams.quotes.partition import PartitionQuotes, QuoteHead
from streams.quotes.trailing import TrailingAcknowledgements
from streams.redis_link import FAILURES
from streams.slices import SliceDecoder
from streams.telemetry import Reporter
from streams.topics import QUOTES
from streams.worker import WorkerApp

logger = logging.getLogger(__name__)

ACKNOWLEDGE_AFTER_S: Final = 1.0


class Pipeline:
    """One worker's share of the quotes.

    Args:
        app: The Faust app that feeds it.
    """

    def __init__(self, app: WorkerApp) -> None:
        self._app = app
        self._topic = app.settings.topic(QUOTES)
        self._counters = app.counters
        self._heads = SliceDecoder[QuoteHead](QuoteHead)
        self._reporter = Reporter(logger)
        self._partitions: dict[int, PartitionQuotes] = {}
        self._unrestored: set[int] = set()
        self._gained = asyncio.Event()
        self._acknowledgements = TrailingAcknowledgements(app, ACKNOWLEDGE_AFTER_S)
        self._emitter = Emitter(app.settings, app.counters, app.passage, app.traces)
        app.redis = lambda: self._emitter.connected
        self._emitter.source(feeds.QUOTE_NBBO, self._values, self._republish)
        app.on_partitions_assigned.connect(self._assign, weak=False)  # type: ignore[arg-type] # two arguments
        app.on_partitions_revoked.connect(self._revoke, weak=False)  # type: ignore[arg-type] # two arguments

    async def quote(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.quotes."""
        async for event in events:
            message = event.message
            payload, received_ms = message.value or b"", records.received_ms(message.headers)
            traceparent = records.traceparent(message.headers)
            is_ours = message.generation_id == self._app.consumer_generation_id
            self._acknowledgements.add(event)
            if is_ours:
                with self._app.applying(QUOTES, received_ms, traceparent):
                    self._apply(message.partition, payload, received_ms)
            else:
                # Fetched before a rebalance: whoever has the partition now gets it again.
                self._counters.add("batches_skipped", reason="earlier_generation")

    def background(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what runs beside the agent, each for as long as the worker."""
        return [self._acknowledgements.run, self._restore, self._emit]

    async def _emit(self) -> None:
        async with self._emitter:
            await self._app.wait_for_stop()

    async def _restore(self) -> None:
        """Take what earlier workers have put into Redis, for the partitions that are new here, for ever.

        A quiet symbol's quote may be the last for hours. Redis may come back empty, and this worker has not
        seen it.
        """
        backoff = Backoff()
        while True:
            await self._gained.wait()
            self._gained.clear()
            numbers = frozenset(self._unrestored)
            try:
                await self._restore_all(numbers)
            except FAILURES as error:
                self._reporter.warn("cannot read the quotes that Redis holds, trying again", str(error))
                self._gained.set()
                await asyncio.sleep(backoff.next_s())
            else:
                self._unrestored -= numbers
                backoff.reset()

    async def _restore_all(self, numbers: frozenset[int]) -> None:
        settings, partitions = self._app.settings, self._partitions
        count = settings.partitions(QUOTES)
        async for symbol, value in read_kept(settings):
            number = records.partition_of(symbol, count)
            if number not in numbers or number not in partitions:
                continue
            if partitions[number].restore(symbol, value):
                self._counters.add("quotes_restored")
            else:
                self._reporter.warn("what Redis holds is no quote", f"of {symbol}")

    def _apply(self, number: int, payload: bytes, received_ms: int | None) -> None:
        slices = self._heads.decode(payload)
        newest_ms = slices.events[-1].t if slices.events else None
        self._app.note_events(QUOTES, len(slices.events), slices.rejected, newest_ms)
        partition = self._partitions.get(number)
        if partition is None:
            partition = self._partitions[number] = PartitionQuotes(self._counters)
        partition.apply(slices, received_ms)

    async def _assign(self, _app: faust.App, assigned: set[TP], **_: object) -> None:
        gained = {tp.partition for tp in assigned if tp.topic == self._topic} - self._partitions.keys()
        for number in gained:
            self._partitions[number] = PartitionQuotes(self._counters)
        self._unrestored |= gained
        if gained:
            self._gained.set()

    async def _revoke(self, _app: faust.App, revoked: set[TP], **_: object) -> None:
        # Their newest quotes are another worker's now: written again from here they would be old.
        for tp in revoked:
            if tp.topic == self._topic:
                self._partitions.pop(tp.partition, None)
                self._unrestored.discard(tp.partition)

    def _values(self) -> Iterator[tuple[str, bytes]]:
        for partition in self._partitions.values():
            yield from partition.values()

    def _republish(self) -> None:
        for partition in self._partitions.values():
            partition.republish()
