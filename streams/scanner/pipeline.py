"""The scanner's flow in one worker: batches in; quotes, daily ranges, alerts, partials and boards out."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from typing import Final

import msgspec
from faust.types import TP, EventT

from streams import feeds
from streams.emit import Emitter
from streams.events import Aggregate, BatchDecoder, MinuteAggregate
from streams.reference.coverage import is_complete
from streams.reference.model import KnownReference, Reference
from streams.reference.schedule import day_due
from streams.scanner import partial
from streams.scanner.alert import make_alert
from streams.scanner.alert_feeds import AlertFeeds
from streams.scanner.alert_outbox import AlertOutbox, Record
from streams.scanner.file_source import FileSource
from streams.scanner.partition import PartitionScanner
from streams.scanner.screener import Screener
from streams.scanner.screener_feeds import ScreenerFeeds
from streams.scanner.screener_watch import ScreenerWatch
from streams.scanner.symbol import Breakout, SymbolState, SymbolStates
from streams.scanner.users_source import UsersSource
from streams.sessions import MarketCalendar
from streams.state.partition import Partition
from streams.state.table import Batch, WriteBehindTable
from streams.telemetry import Reporter
from streams.topics import AGGREGATES, REFERENCE, SCANNER_PARTIALS
from streams.worker import WorkerApp
from streams.writer import RecordWriter

logger = logging.getLogger(__name__)

MAX_DUTY: Final = 0.1
"""Largest share of time for partials, and as much for boards: under load they come less often."""
MAX_DUTY_BEHIND: Final = 0.02
"""The same while the worker catches up: the boards are late anyway."""

REFERENCE_DUE_MS: Final = 30 * 60 * 1000
"""So long before a trading day its reference data should be there."""


class Pipeline:
    """One worker's share of the scanner.

    Args:
        app: The Faust app that feeds it.
    """

    def __init__(self, app: WorkerApp) -> None:
        self._app = app
        self._settings = app.settings
        self._stopped = app.wait_for_stop
        self._counters = app.counters
        self._reporter = Reporter(logger)
        self._calendar = MarketCalendar()
        self._bars = BatchDecoder[Aggregate | MinuteAggregate](Aggregate | MinuteAggregate)
        self._reference = msgspec.json.Decoder(Reference).decode
        self._alerts = AlertOutbox(app.settings, app.counters)
        self.states = WriteBehindTable(
            app,
            "symbols",
            SymbolState,
            partitions=app.settings.partitions(AGGREGATES),
            settings=app.settings,
            counters=app.counters,
            tracer=app.traces,
            on_recovered=self._on_states,
            on_revoked=self._on_revoked,
            before_write=self._alerts.write,
        )
        self.references = WriteBehindTable(
            app,
            "references",
            KnownReference,
            partitions=app.settings.partitions(REFERENCE),
            settings=app.settings,
            counters=app.counters,
            tracer=app.traces,
            on_recovered=self._on_references,
        )
        app.counters.watch("references", self._count_references)
        self._symbols: dict[int, SymbolStates] = {}
        self._scanners: dict[int, PartitionScanner] = {}
        self._merger = partial.Merger(app.settings.partitions(AGGREGATES))
        self._partials = RecordWriter(app.settings)
        self._emitter = Emitter(app.settings, app.counters, app.passage, app.traces)
        app.redis = lambda: self._emitter.connected
        self._emitter.source(feeds.QUOTE, self._quotes, self._republish_quotes)
        self._emitter.source(feeds.DAILY_RANGE, self._ranges, self._republish_ranges)
        self._alert_feeds = AlertFeeds(app.settings, app.counters, self._emitter, self._is_merging)
        self._definitions = ScreenerWatch(
            {
                "file": FileSource(app.settings.screeners_file, app.counters),
                "users": UsersSource(app.settings, app.counters),
            },
            app.counters,
            self._define,
        )
        self._screener_feeds = ScreenerFeeds(app.settings, app.counters, self._emitter, self._merger.newest)

    async def scan(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.aggregates."""
        async for event in events:
            await self._alerts.room()
            batch = await self.states.accept(event)
            if batch is not None:
                with self._app.applying(AGGREGATES, batch.received_ms, batch.traceparent):
                    self._apply(batch)

    async def refer(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.reference."""
        async for event in events:
            batch = await self.references.accept(event)
            if batch is not None and batch.payload:
                self._learn(batch)

    async def merge(self, payloads: AsyncIterable[bytes | None]) -> None:
        """Read the partials of all partitions."""
        async for payload in payloads:
            try:
                self._merger.accept(partial.decode(payload or b""))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._counters.add("partials_rejected")
                self._reporter.warn("a partial cannot be read", str(error))

    def background(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what runs beside the agents, each for as long as the worker."""
        return [
            self._flush_states,
            self.references.run,
            self._publish_partials,
            self._publish_boards,
            self._alert_feeds.run,
            self._definitions.run,
            self._screener_feeds.run,
            self._emit,
        ]

    async def _flush_states(self) -> None:
        try:
            await self.states.run()
        finally:
            await self._alerts.close()

    async def _emit(self) -> None:
        async with self._emitter:
            await self._stopped()

    async def _publish_partials(self) -> None:
        """Send the partials that changed, at most once in ``board_interval_s``, for ever."""
        topic = self._settings.topic(SCANNER_PARTIALS)
        # A partial that lacks somebody's screener has its board emptied.
        await self._definitions.known()
        try:
            while True:
                busy_s = 0.0
                for scanner in list(self._scanners.values()):
                    started = time.thread_time()
                    best = scanner.partial()
                    record = None if best is None else partial.encode(best)
                    busy_s += time.thread_time() - started
                    if record is not None:
                        await self._send_partial(topic, scanner, record)
                await self._pause(busy_s)
        finally:
            await self._partials.close()

    async def _publish_boards(self) -> None:
        """Publish the boards that changed, at most once in ``board_interval_s``, for ever."""
        while True:
            started = time.thread_time()
            for feed, board in self._merger.boards().items():
                self._emitter.put(feed, board)
                self._counters.add("boards_published")
            self._screener_feeds.publish()
            busy_s = time.thread_time() - started
            await self._pause(busy_s)

    async def _pause(self, busy_s: float) -> None:
        duty = MAX_DUTY_BEHIND if self._app.is_behind else MAX_DUTY
        await asyncio.sleep(max(self._settings.board_interval_s, busy_s / duty))

    async def _send_partial(self, topic: str, scanner: PartitionScanner, record: bytes) -> None:
        key = b"%d" % scanner.number
        if await self._partials.write(topic, 0, [(key, record)]) is None:
            scanner.resend()
        else:
            self._counters.add("partials_sent")

    def _apply(self, batch: Batch[SymbolState]) -> None:
        events, rejected = self._bars.decode(batch.payload)
        partition = batch.partition
        self._app.note_events(AGGREGATES, len(events), rejected, events[-1].e if events else None)
        if partition.replays(batch.offset):
            events = [event for event in events if not partition.holds(event.sym, batch.offset)]
        breakouts = self._symbols[partition.number].apply(events, batch.offset, batch.received_ms)
        if breakouts:
            self._alerts.add(partition.number, self._make_alerts(partition.number, batch.offset, breakouts))

    def _make_alerts(self, number: int, offset: int, breakouts: list[Breakout]) -> Iterator[Record]:
        for breakout in breakouts:
            symbol = breakout.bar.sym
            known = self._known_reference(number, symbol)
            reference = known.on(breakout.day_ms) if known else None
            yield symbol.encode(), make_alert(breakout, number, offset, reference)

    def _learn(self, batch: Batch[KnownReference]) -> None:
        try:
            reference = self._reference(batch.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._counters.add("references_rejected")
            self._reporter.warn("reference data is malformed", str(error))
            return
        partition, symbol = batch.partition, reference.symbol
        known = partition.rows.get(symbol)
        partition.rows[symbol] = (
            KnownReference(batch.offset, reference)
            if known is None
            else known.followed_by(reference, batch.offset)
        )
        scanner = self._scanners.get(partition.number)
        if scanner is not None:
            scanner.refer(symbol)

    def _count_references(self) -> dict[tuple[str, ...], float]:
        """Return how many symbols have reference data at all, for today, and with what boards rank by."""
        day_ms = day_due(self._calendar, time.time_ns() // 1_000_000, REFERENCE_DUE_MS).start_ms
        newest = [row.newest for each in self.references.partitions.values() for row in each.rows.values()]
        current = [reference for reference in newest if reference.day_ms >= day_ms]
        complete = sum(map(is_complete, current))
        return {("known",): len(newest), ("current",): len(current), ("complete",): complete}

    def _known_reference(self, number: int, symbol: str) -> KnownReference | None:
        partition = self.references.partitions.get(number)
        return None if partition is None else partition.rows.get(symbol)

    def _on_states(self, partition: Partition[SymbolState]) -> None:
        number = partition.number
        self._symbols[number] = SymbolStates(partition.rows, self._calendar, self._counters)
        self._scanners[number] = PartitionScanner(
            number,
            partition.rows,
            functools.partial(self._known_reference, number),
            self._definitions.screeners,
        )

    def _on_references(self, partition: Partition[KnownReference]) -> None:
        scanner = self._scanners.get(partition.number)
        if scanner is not None:
            for symbol in partition.rows:
                scanner.refer(symbol)

    def _on_revoked(self, number: int) -> None:
        # Every worker sends its partials again after a rebalance; older ones may be of other owners.
        self._merger.forget()
        self._screener_feeds.forget()
        del self._symbols[number], self._scanners[number]
        self._alerts.drop(number)

    def _define(self, screeners: tuple[Screener, ...]) -> None:
        for scanner in self._scanners.values():
            scanner.define(screeners)

    def _is_merging(self) -> bool:
        partials = TP(self._settings.topic(SCANNER_PARTIALS), 0)
        return partials in self._app.assignor.assigned_actives()

    def _quotes(self) -> Iterator[tuple[str, bytes]]:
        for scanner in self._scanners.values():
            yield from scanner.quotes().items()

    def _republish_quotes(self) -> None:
        for scanner in self._scanners.values():
            scanner.republish_quotes()

    def _ranges(self) -> Iterator[tuple[str, bytes]]:
        for scanner in self._scanners.values():
            yield from scanner.ranges().items()

    def _republish_ranges(self) -> None:
        for scanner in self._scanners.values():
            scanner.republish_ranges()
