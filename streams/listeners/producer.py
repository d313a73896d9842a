"""Brings records to Kafka, each exactly once and in order, and holds them while Kafka is away.

The producer owns every record until Kafka has acknowledged it. Each partition has one batch in flight. While
Kafka is away records wait, up to a bound in bytes; then the oldest goes and is counted.

Exactly once holds across a restart of the broker, because the client repeats a batch with the same sequence
numbers. Only after an error that the client cannot retry is the client itself replaced; then a batch whose
outcome is unknown is sent again (counted as ``uncertain``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import Final

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from streams import kafka_link
from streams.backoff import Backoff
from streams.listeners.idempotent import IdempotentProducer
from streams.listeners.lane import Lane, weight
from streams.listeners.record import Record
from streams.records import headers
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.topics import Topic
from streams.tracing import NO_TRACER, Span, Tracer

logger = logging.getLogger(__name__)

PROBE_S: Final = 2.0
"""Seconds between two looks at whether Kafka answers."""
SETTLE_S: Final = 5.0
"""How long the other batches in flight may take to be answered before a client is replaced."""


BATCH_INTERVAL_S: Final = 0.04
"""Shortest time between two batches of a partition: a batch costs much the same whatever it holds, and a busy
partition has two records by then. One that has been quiet for this long is sent at once."""
HIGH_WATER_BYTES: Final = 16 * 1024 * 1024
"""While Kafka answers no more than this should wait: about what a second of a busy market holds."""


@dataclass(frozen=True, slots=True)
class ProducerStatus:
    """How the way to Kafka stands.

    Attributes:
        connected: Whether Kafka answers.
        buffered_bytes: Bytes that wait or are in flight.
        buffered_records: Records that wait or are in flight.
        fill_percent: Share of the buffer that is taken.
        oldest_age_s: Age of the oldest record not yet acknowledged, 0 where there is none.
        last_error: What last went wrong, without secrets.
        last_error_at: When, s since 1970 UTC.
    """

    connected: bool
    buffered_bytes: int
    buffered_records: int
    fill_percent: float
    oldest_age_s: float
    last_error: str | None
    last_error_at: float | None


class RecordProducer:
    """Sends records to their partition; ``put`` never waits.

    Args:
        settings: Kafka's address and the bound of what waits.
        source: The listener's name, for the records' headers.
        counters: Where outcomes are counted.
        tracer: Traces one record in so many.

    Raises:
        SettingsError: What belongs to KAFKA_SECURITY_PROTOCOL is wrong.
    """

    def __init__(
        self, settings: Settings, source: str, counters: Counters, tracer: Tracer = NO_TRACER
    ) -> None:
        # What is wrong with it is told at once; otherwise it would be tried again for ever.
        kafka_link.options(settings)
        self._settings = settings
        self._source = source
        self._counters = counters
        self._tracer = tracer
        self._reporter = Reporter(logger)
        self._lanes: dict[tuple[Topic, int], Lane] = {}
        self._bytes = 0
        self._records = 0
        self._running: asyncio.Task[None] | None = None
        self._client: IdempotentProducer | None = None
        self._deliveries: dict[Lane, asyncio.Task[None]] = {}
        self._broken = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._room = asyncio.Event()
        self._room.set()
        self._is_reachable = False
        self._last_error: str | None = None
        self._last_error_at: float | None = None
        self._settle_s = SETTLE_S

    def start(self) -> None:
        """Begin to connect and to send, in the background."""
        self._running = asyncio.create_task(self._run(), name="record-producer")

    def put(self, record: Record) -> None:
        """Take a record. Where the buffer is full the oldest that wait are dropped, and counted."""
        key = (record.topic, record.partition)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
            if self._client is not None and not self._broken.is_set():
                self._deliver_in_background(self._client, key, lane)
        if (span := self._trace(record)) is not None:
            record = record._replace(span=span)
        lane.put(record)
        self._bytes += weight(record)
        self._records += 1
        self._empty.clear()
        self._counters.add("records_queued")
        if self._bytes > HIGH_WATER_BYTES and self._is_reachable:
            self._room.clear()
        while self._bytes > self._settings.listener_buffer_bytes and self._drop_oldest():
            pass

    def _trace(self, record: Record) -> Span | None:
        return self._tracer.sample(
            "listener batch",
            record.received_ns,
            {
                "messaging.system": "kafka",
                "messaging.destination.name": self._settings.topic(record.topic),
                "messaging.destination.partition.id": record.partition,
                "streams.source": self._source,
                "streams.events": record.events,
                "streams.bytes": len(record.value),
            },
        )

    async def room(self) -> None:
        """Wait while much waits for a Kafka that does answer: who sends faster than it takes is slowed down.

        While Kafka is away nobody waits here, and what is too much is dropped.
        """
        await self._room.wait()

    def status(self) -> ProducerStatus:
        """Return how the way to Kafka stands."""
        oldest = min(
            (age for lane in self._lanes.values() if (age := lane.oldest_ns()) is not None), default=None
        )
        return ProducerStatus(
            connected=self._client is not None and self._is_reachable,
            buffered_bytes=self._bytes,
            buffered_records=self._records,
            fill_percent=round(100 * self._bytes / self._settings.listener_buffer_bytes, 2),
            oldest_age_s=0.0 if oldest is None else max(0.0, (time.time_ns() - oldest) / 1e9),
            last_error=self._last_error,
            last_error_at=self._last_error_at,
        )

    async def flush(self, timeout_s: float) -> bool:
        """Wait until Kafka has acknowledged everything; return whether it has within ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def close(self, timeout_s: float) -> None:
        """Send what waits, for ``timeout_s`` at most, and stop. What is left then is lost and counted."""
        if not await self.flush(timeout_s):
            self._settle_s = 0.0
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        for lane in self._lanes.values():
            lane.put_back()
            while lane.waiting:
                self._drop(lane.drop_oldest(), "shutdown")

    # Dropping

    def _drop_oldest(self) -> bool:
        waiting = [lane for lane in self._lanes.values() if lane.waiting]
        if not waiting:
            return False
        oldest = min(waiting, key=lambda lane: lane.waiting[0].received_ns)
        self._drop(oldest.drop_oldest(), "buffer_full")
        return True

    def _drop(self, record: Record, reason: str) -> None:
        self._forget(record)
        if record.span is not None:
            record.span.end(error=f"dropped: {reason}")
        self._counters.add("dropped", record.events, reason=reason)
        self._reporter.warn(f"events dropped: {reason}", count=record.events)

    def _forget(self, record: Record) -> None:
        self._bytes -= weight(record)
        self._records -= 1
        if self._bytes <= HIGH_WATER_BYTES:
            self._room.set()
        if self._records == 0:
            self._empty.set()

    # Sending

    async def _run(self) -> None:
        backoff = Backoff(first_s=0.25)
        while True:
            client = IdempotentProducer(self._settings)
            try:
                await client.connect()
                logger.info("connected to Kafka at %s", self._settings.kafka_bootstrap)
                backoff.reset()
                await self._use(client)
            except (KafkaError, OSError, TimeoutError) as error:
                self._fail("Kafka does not answer", error)
            finally:
                self._set_reachable(False)
                await self._retire(client)
            await asyncio.sleep(backoff.next_s())

    async def _use(self, client: IdempotentProducer) -> None:
        """Send with one client until it can no longer be used."""
        self._broken.clear()
        self._client = client
        self._set_reachable(True)
        for key, lane in self._lanes.items():
            self._deliver_in_background(client, key, lane)
        while not self._broken.is_set():
            reachable = await client.is_reachable()
            if self._is_reachable and not reachable:
                self._fail("Kafka does not answer", None)
            self._set_reachable(reachable)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._broken.wait(), PROBE_S)

    async def _retire(self, client: IdempotentProducer) -> None:
        """Let go of a client once the batches in flight are answered, or have had their time."""
        self._client = None
        self._broken.set()
        deliveries, self._deliveries = self._deliveries, {}
        for lane, delivery in deliveries.items():
            if not lane.in_flight:
                delivery.cancel()
        if deliveries:
            await asyncio.wait(deliveries.values(), timeout=self._settle_s)
        for lane, delivery in deliveries.items():
            if not delivery.done():
                delivery.cancel()
                self._counters.add("delivery_failures", len(lane.in_flight), reason="uncertain")
        await client.abandon()
        await asyncio.gather(*deliveries.values(), return_exceptions=True)
        for lane in deliveries:
            lane.put_back()

    def _deliver_in_background(self, client: IdempotentProducer, key: tuple[Topic, int], lane: Lane) -> None:
        delivery = asyncio.create_task(self._deliver(client, key, lane))
        delivery.add_done_callback(self._delivery_ended)
        self._deliveries[lane] = delivery

    def _delivery_ended(self, delivery: asyncio.Task[None]) -> None:
        error = None if delivery.cancelled() else delivery.exception()
        if error is not None:
            # aiokafka raises more than KafkaError where its own state is broken: start over.
            self._fail("the Kafka client failed", error)
            self._broken.set()

    async def _deliver(self, client: IdempotentProducer, key: tuple[Topic, int], lane: Lane) -> None:
        """Send a lane's records, one batch at a time, until the client is broken."""
        topic = self._settings.topic(key[0])
        backoff = Backoff(first_s=0.25)
        next_at = 0.0
        while not self._broken.is_set():
            await lane.filled.wait()
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))
            next_at = time.monotonic() + BATCH_INTERVAL_S
            try:
                if key[1] not in await client.partitions_for(topic):
                    raise KafkaError(f"it has no partition {key[1]}")
                if not lane.waiting:  # dropped meanwhile
                    continue
                delivery = await self._submit(client, topic, key[1], lane)
            except KafkaError as error:
                # It was not taken, so it can be tried again without harm.
                lane.put_back()
                self._fail(f"topic {topic} cannot be written", error)
                await asyncio.sleep(backoff.next_s())
                continue
            try:
                # No timeout here: the client retries until Kafka has it, and the age of the oldest record
                # stands on /health. Giving up would lose it or double it.
                await delivery
            except KafkaError as error:
                self._refused(topic, lane, error)
                return
            backoff.reset()
            self._acknowledged(lane)

    async def _submit(
        self, client: IdempotentProducer, topic: str, partition: int, lane: Lane
    ) -> asyncio.Future[object]:
        batch = client.create_batch()
        while lane.waiting and not (lane.suspects and lane.in_flight):
            record = lane.waiting[0]
            taken = batch.append(
                timestamp=record.received_ns // 1_000_000,
                key=record.key,
                value=record.value,
                headers=headers(
                    record.received_ns, self._source, None if record.span is None else record.span.traceparent
                ),
            )
            if taken is None:
                break
            lane.take()
        future: asyncio.Future[object] = await client.send_batch(batch, topic, partition=partition)
        return future

    def _acknowledged(self, lane: Lane) -> None:
        self._set_reachable(True)
        counters = self._counters
        now_ns = time.time_ns()
        for record in lane.acknowledge():
            self._forget(record)
            if record.span is not None:
                record.span.end()
            counters.observe("latency", (now_ns - record.received_ns) / 1e9, reason="kafka")
            counters.add("records_acknowledged")
            counters.add("events_acknowledged", record.events, reason=record.topic.suffix)
            counters.add("bytes_acknowledged", len(record.value))

    def _refused(self, topic: str, lane: Lane, error: KafkaError) -> None:
        """Handle a batch that the broker does not want. Its sequence numbers are spent, so is the client."""
        self._counters.add("delivery_failures", len(lane.in_flight), reason=type(error).__name__)
        self._fail(f"topic {topic} refused a batch", error)
        if isinstance(error, MessageSizeTooLargeError):
            if len(lane.in_flight) == 1:
                self._drop(lane.acknowledge()[0], "too_large")
            else:
                lane.suspects = len(lane.in_flight)
        lane.put_back()
        self._broken.set()

    def _set_reachable(self, is_reachable: bool) -> None:
        self._is_reachable = is_reachable
        if not is_reachable:
            self._room.set()

    def _fail(self, incident: str, error: BaseException | None) -> None:
        detail = "" if error is None else f"{type(error).__name__}: {error}"
        self._last_error_at = time.time()
        self._last_error = f"{incident}: {detail}" if detail else incident
        self._reporter.warn(incident, detail)
