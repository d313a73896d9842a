"""The halts' flow in one worker: messages in; bands, halts and alerts out.

The list of halts is made in two stages, as boards are: each partition sends its halts to a one-partition
topic, one agent merges them. So it is exact whatever crashes, and there again when Redis has lost it.

An alert is on md.alerts before its batch is acknowledged, so a crash loses none. One that falls between the
two may bring an alert again, equal to the byte: (symbol, status, timestamp) tells it from others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from typing import Final

import msgspec
from faust.types import EventT

from streams import feeds
from streams.backoff import Backoff
from streams.emit import Emitter
from streams.events import Luld
from streams.halts import latest
from streams.halts.status import HaltBook, HaltEntry, SymbolHalts
from streams.records import partition_of
from streams.sessions import MarketCalendar
from streams.slices import SliceDecoder
from streams.state.partition import Partition
from streams.state.table import Batch, WriteBehindTable
from streams.telemetry import Counters, Reporter
from streams.topics import ALERTS, HALTS, HALTS_PARTIALS
from streams.worker import WorkerApp
from streams.writer import RecordWriter

logger = logging.getLogger(__name__)

_encode: Final = msgspec.json.Encoder().encode


class Pipeline:
    """One worker's share of the halts.

    Args:
        app: The Faust app that feeds it.
        emitter: Where its feeds go; its owner starts it.
    """

    def __init__(self, app: WorkerApp, emitter: Emitter) -> None:
        self._app = app
        self._settings = app.settings
        self._counters: Counters = app.counters
        self._emitter = emitter
        self._reporter = Reporter(logger)
        self._calendar = MarketCalendar()
        self._messages = SliceDecoder[Luld](Luld)
        self.symbols = WriteBehindTable(
            app,
            "halts",
            SymbolHalts,
            partitions=app.settings.partitions(HALTS),
            settings=app.settings,
            counters=app.counters,
            tracer=app.traces,
            on_recovered=self._on_recovered,
            on_revoked=self._on_revoked,
        )
        self._books: dict[int, HaltBook] = {}
        self._changed: set[tuple[int, str]] = set()
        self._moved: set[int] = set()
        self._merger = latest.Merger(app.settings.partitions(HALTS))
        self._alerts = RecordWriter(app.settings)
        self._partials = RecordWriter(app.settings)
        emitter.source(feeds.LULD, self._bands, self._republish)

    async def follow(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.halts."""
        async for event in events:
            batch = await self.symbols.accept(event)
            if batch is not None:
                with self._app.applying(HALTS, batch.received_ms, batch.traceparent):
                    entries = self._apply(batch)
                for entry in entries:
                    await self._tell(entry)

    def background(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what runs beside the agent, for as long as the worker."""
        return [self.symbols.run, self._publish_partials]

    async def merge(self, payloads: AsyncIterable[bytes | None]) -> None:
        """Read the halts of all partitions."""
        async for payload in payloads:
            try:
                merged = self._merger.accept(latest.decode(payload or b""))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._counters.add("partials_rejected")
                self._reporter.warn("a partial cannot be read", str(error))
                continue
            if merged is not None:
                self._emitter.replace(feeds.HALTS_LATEST, merged.entries, backlog=merged.is_first)

    async def _publish_partials(self) -> None:
        """Send the halts of the partitions that have new ones, for ever."""
        topic = self._settings.topic(HALTS_PARTIALS)
        try:
            while True:
                for number in sorted(self._moved):
                    self._moved.discard(number)
                    partition = self.symbols.partitions.get(number)
                    if partition is None:
                        continue
                    partial = latest.make_partial(number, partition.rows)
                    record = b"%d" % number, latest.encode(partial)
                    if await self._partials.write(topic, 0, [record]) is None:
                        self._moved.add(number)
                await asyncio.sleep(self._settings.publish_interval_s)
        finally:
            await self._partials.close()
            await self._alerts.close()

    def _apply(self, batch: Batch[SymbolHalts]) -> list[HaltEntry]:
        slices = self._messages.decode(batch.payload)
        partition = batch.partition
        newest_ms = slices.events[-1].t / 1_000_000 if slices.events else None
        self._app.note_events(HALTS, len(slices.events), slices.rejected, newest_ms)
        messages = [
            (message, bytes(raw))
            for message, raw in zip(slices.events, slices.raws, strict=True)
            if not partition.holds(message.sym, batch.offset)
        ]
        self._changed.update((partition.number, message.sym) for message, _ in messages)
        entries = self._books[partition.number].apply(messages, batch.offset, batch.received_ms)
        if entries:
            self._moved.add(partition.number)
        return entries

    async def _tell(self, entry: HaltEntry) -> None:
        value, key = _encode(entry), entry.symbol.encode()
        topic = self._settings.topic(ALERTS)
        number = partition_of(entry.symbol, self._settings.partitions(ALERTS))
        backoff = Backoff()
        while await self._alerts.write(topic, number, [(key, value)]) is None:  # noqa: ASYNC110  each is a try
            await asyncio.sleep(backoff.next_s())
        self._counters.add("alerts_sent", reason=str(entry.status))

    def _on_recovered(self, partition: Partition[SymbolHalts]) -> None:
        number = partition.number
        self._books[number] = HaltBook(partition.rows, self._calendar, self._counters)
        self._moved.add(number)
        self._note_fresh(number, partition.rows)

    def _on_revoked(self, number: int) -> None:
        # Every worker sends its partials again after a rebalance; the list may be another's to write.
        self._merger.forget()
        self._emitter.forget(feeds.HALTS_LATEST)
        del self._books[number]

    def _bands(self) -> Iterator[tuple[str, bytes]]:
        changed, self._changed = self._changed, set()
        for number, symbol in changed:
            partition = self.symbols.partitions.get(number)
            row = None if partition is None else partition.rows.get(symbol)
            if row is not None:
                yield symbol, row.raw

    def _republish(self) -> None:
        for number, partition in self.symbols.partitions.items():
            self._note_fresh(number, partition.rows)

    def _note_fresh(self, number: int, rows: dict[str, SymbolHalts]) -> None:
        """Have the bands written again that their feed still holds, by event time."""
        since_ms = max((row.t for row in rows.values()), default=0) - feeds.LULD.ttl * 1000
        self._changed.update((number, symbol) for symbol, row in rows.items() if row.t >= since_ms)
