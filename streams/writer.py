"""Writes keyed records to one partition at a time, and waits until Kafka has them.

A send for each record costs a future and a queue. A batch built here costs little more than the copying of
its records; it is sent idempotently.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from streams import kafka_link
from streams.compression import COMPRESSION
from streams.records import Headers
from streams.settings import Settings
from streams.telemetry import Reporter

logger = logging.getLogger(__name__)

BATCH_BYTES: Final = 512 * 1024


KeyedRecord = tuple[bytes, bytes] | tuple[bytes, bytes, Headers]
"""Key and value, and headers where it has any."""


class Written(NamedTuple):
    """Where records have come to lie: the offsets of the first and the last."""

    first: int
    last: int


class RecordWriter:
    """A producer for records that must have arrived before the writer goes on.

    Args:
        settings: Where Kafka is, and how long an answer may take.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._reporter = Reporter(logger)

    async def write(self, topic: str, partition: int, records: Iterable[KeyedRecord]) -> Written | None:
        """Send records in order and wait until Kafka has them.

        Returns:
            Where they lie, others' records perhaps between them; None where there was no record, or Kafka
            did not take them all: then any part of them may have arrived, and they are to be sent again.
        """
        try:
            producer = await self._started()
        except (KafkaError, OSError) as error:
            self._reporter.warn("cannot connect to Kafka to write, trying again", repr(error))
            return None
        try:
            written = None
            for batch, count in _batches(producer, records):
                delivery = await producer.send_batch(batch, topic, partition=partition)
                offset = (await delivery).offset
                written = Written(offset if written is None else written.first, offset + count - 1)
            return written
        except (KafkaError, OSError) as error:
            self._reporter.warn("Kafka does not take records, trying again", repr(error))
            # Its sequence numbers may have a hole now, which Kafka would refuse for ever.
            await self._discard(producer)
            return None

    async def close(self) -> None:
        """Close the connection. The next write opens another."""
        if self._producer is not None:
            await self._discard(self._producer)

    async def _discard(self, producer: AIOKafkaProducer) -> None:
        if producer is not self._producer:
            return
        self._producer = None
        try:
            await asyncio.wait_for(producer.stop(), self._settings.kafka_timeout_s)
        except (KafkaError, TimeoutError) as error:
            self._reporter.warn("a connection to Kafka did not close", repr(error))

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **kafka_link.options(self._settings),
                    enable_idempotence=True,
                    acks="all",
                    compression_type=COMPRESSION,
                    max_batch_size=BATCH_BYTES,
                    max_request_size=4 * BATCH_BYTES,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer


def _batches(
    producer: AIOKafkaProducer, records: Iterable[KeyedRecord]
) -> Iterator[tuple[BatchBuilder, int]]:
    batch, count = producer.create_batch(), 0
    for key, value, *rest in records:
        headers = rest[0] if rest else []
        if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            yield batch, count
            batch, count = producer.create_batch(), 0
            # A batch takes its first record whatever its size.
            batch.append(key=key, value=value, timestamp=None, headers=headers)
        count += 1
    if count:
        yield batch, count
