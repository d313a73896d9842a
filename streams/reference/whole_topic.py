"""All records of a compacted topic, read once from its beginning to where it ends now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams import kafka_link
from streams.errors import UnavailableError
from streams.settings import Settings

READ_TIMEOUT_S: Final = 120.0
"""Longest time for all of it; a million small records take some seconds."""
POLL_MS: Final = 1_000


async def read_partitions(settings: Settings, topic: str, partitions: Sequence[int]) -> AsyncIterator[Any]:
    """Yield the records (key, value, timestamp in ms) of some partitions, in order within each.

    Raises:
        UnavailableError: Kafka does not answer, or has no such topic.
    """
    try:
        async with kafka_link.reader(settings) as consumer:
            async with asyncio.timeout(settings.kafka_timeout_s):
                if topic not in await consumer.topics():
                    raise UnavailableError(f"there is no topic {topic}: streams topics create")
            deadline = asyncio.get_running_loop().time() + READ_TIMEOUT_S
            wanted = [TopicPartition(topic, partition) for partition in partitions]
            consumer.assign(wanted)
            ends = await consumer.end_offsets(wanted)
            for where in wanted:
                while await consumer.position(where) < ends[where]:
                    if asyncio.get_running_loop().time() > deadline:
                        raise TimeoutError
                    for record in (await consumer.getmany(where, timeout_ms=POLL_MS)).get(where, ()):
                        yield record
    except (KafkaError, OSError, TimeoutError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
        raise kafka_link.unavailable(settings, why) from None
