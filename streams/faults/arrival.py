"""What is in Kafka: reference data, and what of a piece has arrived.

A listener that is killed takes with it what it had been sent. The vendor has no replay: an event that lay
in the dead listener, or on its way to it, is nowhere else. So such events are counted by comparing the
topics with what was played, and what is expected afterwards is what comes of those that have arrived.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import kafka_link
from streams.errors import UnavailableError
from streams.reference.model import KnownReference, Reference
from streams.reference.whole_topic import read_partitions
from streams.settings import Settings
from streams.topics import AGGREGATES, HALTS, NEWS, QUOTES, REFERENCE, TRADES, Topic

TOPICS: Final = (TRADES, QUOTES, AGGREGATES, HALTS, NEWS)
TIMEOUT_S: Final = 20.0
POLL_MS: Final = 1_000

Offsets = Mapping[TopicPartition, int]


class Record(NamedTuple):
    """A record of events, or an article."""

    topic: Topic
    value: bytes


class Missing(NamedTuple):
    """How many events and articles were sent and have not arrived."""

    events: int
    articles: int

    @property
    def total(self) -> int:
        """Both."""
        return self.events + self.articles


class _Article(msgspec.Struct):
    link: str


_events: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_article: Final = msgspec.json.Decoder(_Article).decode
_reference: Final = msgspec.json.Decoder(Reference).decode


async def ends(settings: Settings) -> Offsets:
    """Return where the topics of events end now.

    Raises:
        UnavailableError: Kafka does not answer in time.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S), kafka_link.reader(settings) as consumer:
            found: Offsets = await consumer.end_offsets(list(_partitions(settings)))
            return found
    except (KafkaError, OSError, TimeoutError) as error:
        raise UnavailableError(f"Kafka does not tell where its topics end: {error!r}") from None


async def arrived(settings: Settings, since: Offsets) -> list[Record]:
    """Return the records behind ``since``, in order within each partition.

    Raises:
        UnavailableError: Kafka does not answer in time.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S), kafka_link.reader(settings) as consumer:
            return await _read(consumer, since, _partitions(settings))
    except (KafkaError, OSError, TimeoutError) as error:
        raise UnavailableError(f"the topics of events cannot be read: {error!r}") from None


def missing(frames: Iterable[bytes], articles: Iterable[bytes], records: Sequence[Record]) -> Missing:
    """Return how much was sent and is not in the records. Versions of an article are one."""
    sent, there = Counter[bytes](), Counter[bytes]()
    for frame in frames:
        sent.update(map(bytes, _events(frame)))
    for topic, value in records:
        if topic is not NEWS:
            there.update(map(bytes, _events(value)))
    links = {_link(value) for topic, value in records if topic is NEWS}
    return Missing((sent - there).total(), len(set(map(_link, articles)) - links))


async def references(settings: Settings) -> dict[str, KnownReference]:
    """Return the reference data by symbol.

    Raises:
        UnavailableError: Kafka does not answer in time.
    """
    found: dict[str, KnownReference] = {}
    numbers = range(settings.partitions(REFERENCE))
    async for record in read_partitions(settings, settings.topic(REFERENCE), numbers):
        reference = _reference(record.value)
        known = found.get(reference.symbol)
        found[reference.symbol] = (
            KnownReference(record.offset, reference)
            if known is None
            else known.followed_by(reference, record.offset)
        )
    return found


def _partitions(settings: Settings) -> dict[TopicPartition, Topic]:
    return {
        TopicPartition(settings.topic(topic), number): topic
        for topic in TOPICS
        for number in range(settings.partitions(topic))
    }


async def _read(
    consumer: AIOKafkaConsumer, since: Offsets, topics: Mapping[TopicPartition, Topic]
) -> list[Record]:
    read: list[Record] = []
    ends: Offsets = await consumer.end_offsets(list(since))
    consumer.assign(list(since))
    for partition, offset in since.items():
        consumer.seek(partition, offset)
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        found: dict[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=POLL_MS)
        for partition, records in found.items():
            read.extend(Record(topics[partition], record.value) for record in records)
    return read


def _link(value: bytes) -> bytes:
    return _article(value).link.encode()
