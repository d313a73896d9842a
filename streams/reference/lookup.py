"""What md.reference holds of one symbol."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import BadInputError, UnavailableError
from streams.records import partition_of
from streams.reference.model import Reference
from streams.settings import Settings
from streams.topics import REFERENCE

READ_TIMEOUT_S: Final = 60.0
"""Longest time for a partition: thousands of records, a second's work."""


class Found(NamedTuple):
    """A symbol's newest reference data, and when it was written: ms since 1970 UTC."""

    reference: Reference
    written_ms: int


async def look_up(settings: Settings, symbol: str) -> Found | None:
    """Return what md.reference holds of a symbol; None where it holds nothing.

    Raises:
        UnavailableError: Kafka does not answer, or has no such topic.
        BadInputError: What it holds is no reference data.
    """
    where = TopicPartition(settings.topic(REFERENCE), partition_of(symbol, settings.partitions(REFERENCE)))
    async with reading(settings) as consumer, asyncio.timeout(READ_TIMEOUT_S):
        newest = await _newest(consumer, where, symbol.encode())
    if newest is None or newest.value is None:
        return None
    try:
        return Found(msgspec.json.decode(newest.value, type=Reference), newest.timestamp)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"{where.topic} holds no reference data of {symbol}: {error}") from None


@contextlib.asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that may read md.reference, assigned nothing yet.

    Raises:
        UnavailableError: Kafka does not answer, also later on, or has no such topic.
    """
    topic = settings.topic(REFERENCE)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=int(settings.kafka_timeout_s * 1000),
    )
    try:
        async with asyncio.timeout(settings.kafka_timeout_s):
            await consumer.start()
            if topic not in await consumer.topics():
                raise UnavailableError(f"there is no topic {topic}: streams topics create")
        yield consumer
    except (KafkaError, OSError, TimeoutError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
        raise UnavailableError(
            f"Kafka at {settings.kafka_bootstrap} is not available ({why}): "
            "is it running, is KAFKA_BOOTSTRAP right?"
        ) from None
    finally:
        await consumer.stop()


async def _newest(consumer: AIOKafkaConsumer, where: TopicPartition, key: bytes) -> Any:  # noqa: ANN401  untyped
    """Return the newest record of a key, None where there is none."""
    consumer.assign([where])
    end = (await consumer.end_offsets([where]))[where]
    newest = None
    while await consumer.position(where) < end:
        records = (await consumer.getmany(where, timeout_ms=1000)).get(where, ())
        newest = next((record for record in reversed(records) if record.key == key), newest)
    return newest
