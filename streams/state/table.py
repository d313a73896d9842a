"""Write-behind tables: typed rows in memory, safe in a changelog and in RocksDB at most a second later."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

import faust
import msgspec
from faust.types import TP, EventT

from streams import records
from streams.backoff import Backoff
from streams.errors import StreamsError
from streams.passage import Follower
from streams.settings import Settings
from streams.state.partition import NOTHING, Flush, Partition, Row
from streams.state.store import PartitionStore, PartitionTable, partition_table
from streams.state.versions import RowDecoder, Upgrades
from streams.telemetry import Counters, Reporter
from streams.tracing import NO_TRACER, Tracer
from streams.writer import RecordWriter

logger = logging.getLogger(__name__)

MAX_PENDING: Final = 20_000
"""Most batches of a worker that wait for a flush; the agent reads no further until one is done."""
MAX_DUTY: Final = 0.1
"""Largest share of time for flushes: under load they come less often and cover more."""
REBALANCE_POLL_S: Final = 0.05
"""How soon a flush follows when Faust waits for acknowledgements before it gives partitions away."""

R = TypeVar("R", bound=Row)
_NONE: Final[Upgrades[Any]] = MappingProxyType({})


class Batch(NamedTuple, Generic[R]):
    """One source record to apply to its partition's rows."""

    partition: Partition[R]
    offset: int
    key: bytes | None
    payload: bytes
    received_ms: int | None
    traceparent: str | None


class WriteBehindTable(Generic[R]):
    """Rows of one type by key, in as many partitions as their source topic has.

    The agent that owns the table reads its source with ``stream.noack().events()``, hands each event to
    `accept` and applies the batch it gets to the rows of that batch's partition, stamping each row that it
    changes with the batch's offset. Everything else (recovery, flushes, acknowledgement, revocation) happens
    here.

    Args:
        app: The Faust app.
        name: The table's name, part of its changelog's.
        row_type: The rows' struct, with its version as a tag (see ``versions``).
        upgrades: How rows of earlier versions become today's.
        partitions: How many partitions the source topic has.
        settings: Intervals and timeouts.
        counters: Where flushes are counted.
        on_recovered: Called with each partition whose rows have been recovered, before it gets events.
        on_revoked: Called with the number of each partition that this worker no longer has.
        before_write: Called with a partition's number once it is settled which of its rows are written, to
            make safe what those rows let forget; they are not written where it returns False.
        tracer: Traces flushes of batches that are traced.
    """

    def __init__(  # noqa: PLR0913  callbacks, given by name
        self,
        app: faust.App,
        name: str,
        row_type: type[R],
        upgrades: Upgrades[R] = _NONE,
        *,
        partitions: int,
        settings: Settings,
        counters: Counters,
        on_recovered: Callable[[Partition[R]], None],
        on_revoked: Callable[[int], None] = lambda _number: None,
        before_write: Callable[[int], Awaitable[bool]] | None = None,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self.partitions: dict[int, Partition[R]] = {}
        self._app = app
        self._settings = settings
        self._counters = counters
        self._on_recovered = on_recovered
        self._on_revoked = on_revoked
        self._before_write = before_write
        self._name = name
        self._tracer = tracer
        self._unsafe: dict[int, Follower] = {}
        counters.watch("table_rows", lambda: {(name,): float(self._rows())})
        counters.watch("table_pending", lambda: {(name,): float(self._pending())})
        self._table: PartitionTable = partition_table(app, name, partitions)
        self._changelog = RecordWriter(settings)
        self._decode = RowDecoder(row_type, upgrades).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._reporter = Reporter(logger)
        self._room = asyncio.Event()
        self._room.set()
        self._busy_s = 0.0
        self._table.on_recover(self._recover)
        app.on_partitions_revoked.connect(self._revoke, weak=False)  # type: ignore[arg-type] # two arguments

    async def accept(self, event: EventT[Any]) -> Batch[R] | None:
        """Take an event of the source topic; return the batch to apply, None where there is nothing to.

        Waits while too many batches are unflushed, as when Kafka takes no writes.
        """
        await self._room.wait()
        message = event.message
        partition = self.partitions.get(message.partition)
        if partition is None or message.generation_id != self._app.consumer_generation_id:
            # Fetched before a rebalance: whoever has the partition now gets it again.
            message.acked = True
            self._counters.add("batches_skipped", reason="earlier_generation")
            return None
        if partition.applied == NOTHING:
            await self._check_source(partition, message.tp)
        payload, headers = message.value, message.headers
        # The event waits for its flush; a second of payloads would be a hundred megabytes.
        event.value = message.value = None
        apply = partition.take(message.offset, event)
        if self._pending() >= MAX_PENDING:
            self._room.clear()
        if not apply:
            self._counters.add("batches_skipped", reason="delivered_again")
            return None
        received_ms, traceparent = records.received_ms(headers), records.traceparent(headers)
        self._unsafe.setdefault(partition.number, Follower()).note(received_ms, traceparent)
        return Batch(partition, message.offset, message.key, payload or b"", received_ms, traceparent)

    async def _check_source(self, partition: Partition[R], tp: TP) -> None:
        end = self._app.consumer.highwater(tp)
        if end is not None and partition.outlived(end):
            # Its stamps would have every batch of the new topic taken for one that the rows hold.
            error = StreamsError(
                f"{tp.topic} was made anew, but {self._table.changelog_topic_name} remembers the old one: "
                "delete that topic, and this worker's data directory"
            )
            await self._app.crash(error)
            raise error

    async def run(self) -> None:
        """Flush for ever, at most once in ``flush_interval_s``."""
        backoff = Backoff()
        try:
            while True:
                self._busy_s = 0.0
                if await self.flush():
                    backoff.reset()
                    pause = max(self._settings.flush_interval_s, self._busy_s / MAX_DUTY)
                else:
                    pause = backoff.next_s()
                await self._pause(pause)
        finally:
            await self._changelog.close()

    async def flush(self) -> bool:
        """Make every row safe that changed, then acknowledge the batches it includes.

        Returns:
            Whether all of it succeeded; what did not is still pending.
        """
        if self._app.crashed:
            # A batch may be half applied: it has to come again.
            return False
        started = time.monotonic()
        due = [
            (partition, flush)
            for partition in self.partitions.values()
            if (flush := partition.begin_flush()) is not None
        ]
        done = await asyncio.gather(*(self._flush(partition, flush) for partition, flush in due))
        if due and all(done):
            self._counters.observe("flush", time.monotonic() - started, reason=self._name)
        if self._pending() < MAX_PENDING:
            self._room.set()
        return all(done)

    async def _flush(self, partition: Partition[R], flush: Flush) -> bool:
        unsafe = self._unsafe.setdefault(partition.number, Follower())
        passed, now_ns = unsafe.take(), time.time_ns()
        spans = [
            self._tracer.follow(traceparent, "flush", now_ns, {"streams.table": self._name})
            for traceparent in passed.traceparents
        ]
        is_safe = await self._write(partition, flush)
        for span in spans:
            if span is not None:
                span.end(error="" if is_safe else "not safe yet, tried again")
        if not is_safe:
            unsafe.note(passed.received_ms)
        elif passed.received_ms is not None:
            self._counters.observe("latency", time.time() - passed.received_ms / 1000, reason="flushed")
        return is_safe

    async def _write(self, partition: Partition[R], flush: Flush) -> bool:
        started = time.thread_time()
        rows = [(key.encode(), self._encode(row)) for key, row in partition.unsafe()]
        self._busy_s += time.thread_time() - started
        is_alone = True
        if rows:
            if self._before_write is not None and not await self._before_write(partition.number):
                self._counters.add("flush_failures", reason="before_write")
                return False
            tp = TP(self._table.changelog_topic_name, partition.number)
            written = await self._changelog.write(tp.topic, tp.partition, rows)
            if written is None:
                self._counters.add("flush_failures", reason="changelog")
                return False
            if not self._has(partition):
                return True
            started = time.thread_time()
            try:
                is_alone = self._store.write(tp, rows, written)
            except Exception as error:  # noqa: BLE001  rocksdict raises nothing narrower
                self._reporter.warn("RocksDB does not take rows, trying again", str(error))
                self._counters.add("flush_failures", reason="rocksdb")
                return False
            self._busy_s += time.thread_time() - started
        elif not self._has(partition):
            return True
        partition.end_flush(flush)
        if not is_alone:
            # A worker that has lost the partition may have put older rows behind newer ones.
            self._counters.add("partitions_rewritten")
            partition.rewrite()
        self._counters.add("flushes")
        self._counters.add("rows_flushed", len(rows))
        return True

    def _has(self, partition: Partition[R]) -> bool:
        return self.partitions.get(partition.number) is partition

    async def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(left, REBALANCE_POLL_S))
            if self._pending() and not self._app.flow_control.is_active():
                return

    async def _recover(self) -> None:
        try:
            self._load_partitions()
        except msgspec.DecodeError as error:
            # Faust goes on where this raises, with a worker that has no rows and skips every batch.
            await self._app.crash(
                StreamsError(
                    f"rows of {self._table.changelog_topic_name} are none of this version's ({error}): "
                    "run the version that wrote them, or delete that topic and this worker's data directory"
                )
            )

    def _load_partitions(self) -> None:
        changelog = self._table.changelog_topic_name
        for tp in self._app.assignor.assigned_actives():
            if tp.topic == changelog:
                rows = {key.decode(): self._decode(value) for key, value in self._store.read(tp.partition)}
                overtaken = {key.decode() for key in self._store.take_overtaken(tp.partition)}
                partition = self.partitions[tp.partition] = Partition(tp.partition, rows, overtaken)
                self._on_recovered(partition)
        self._forget_acknowledgements()

    def _forget_acknowledgements(self) -> None:
        # Faust acknowledges what it drops in a rebalance. Those offsets come again, and until they are
        # flushed a commit must not pass them: kill -9 would lose them.
        consumer = self._app.consumer
        for acknowledged in (consumer._acked, consumer._acked_index):  # type: ignore[attr-defined]  # noqa: SLF001  no public way
            for tp in [tp for tp in acknowledged if tp.partition in self.partitions]:
                acknowledged.pop(tp)

    async def _revoke(self, _app: faust.App, revoked: set[TP], **_: object) -> None:
        changelog = self._table.changelog_topic_name
        for tp in revoked:
            if tp.topic == changelog:
                partition = self.partitions.pop(tp.partition, None)
                if partition is not None:
                    partition.abandon()
                    self._unsafe.pop(tp.partition, None)
                    self._on_revoked(tp.partition)

    def _rows(self) -> int:
        return sum(len(partition.rows) for partition in self.partitions.values())

    def _pending(self) -> int:
        return sum(partition.pending for partition in self.partitions.values())

    @property
    def _store(self) -> PartitionStore:
        return cast(PartitionStore, self._table.data)
