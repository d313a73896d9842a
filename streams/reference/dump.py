"""All that md.reference holds, for backtests."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.reference.lookup import READ_TIMEOUT_S, reading
from streams.reference.model import Reference
from streams.settings import Settings
from streams.topics import REFERENCE

Known = dict[str, dict[int, Reference]]
"""Reference data by symbol and day."""


class Dump(NamedTuple):
    """What md.reference holds.

    Attributes:
        references: Of each symbol and day the newest, in the order of both.
        rejected: How many records were no reference data.
    """

    references: list[Reference]
    rejected: int


async def read_all(settings: Settings) -> Dump:
    """Return what md.reference holds: of a symbol that was deleted, only what came after.

    Days before the newest are there until Kafka compacts the topic.

    Raises:
        UnavailableError: Kafka does not answer, or has no such topic.
    """
    known: Known = {}
    rejected = 0
    async with reading(settings) as consumer:
        for number in range(settings.partitions(REFERENCE)):
            async with asyncio.timeout(READ_TIMEOUT_S):
                rejected += await _read(consumer, TopicPartition(settings.topic(REFERENCE), number), known)
    references = [days[day_ms] for _, days in sorted(known.items()) for day_ms in sorted(days)]
    return Dump(references, rejected)


async def _read(consumer: AIOKafkaConsumer, where: TopicPartition, known: Known) -> int:
    """Read a partition into ``known``; return how many of its records were no reference data."""
    consumer.assign([where])
    end = (await consumer.end_offsets([where]))[where]
    rejected = 0
    while await consumer.position(where) < end:
        for record in (await consumer.getmany(where, timeout_ms=1000)).get(where, ()):
            if record.value is None:
                known.pop((record.key or b"").decode(errors="replace"), None)
                continue
            try:
                reference = msgspec.json.decode(record.value, type=Reference)
            except (msgspec.DecodeError, UnicodeDecodeError):
                rejected += 1
                continue
            known.setdefault(reference.symbol, {})[reference.day_ms] = reference
    return rejected
