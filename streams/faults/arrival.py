"""What of a piece has arrived in Kafka: a listener that is killed takes with it what it had been sent.

The vendor has no replay: an event that lay in the dead listener, or on its way to it, is nowhere else. So
such events are counted by comparing the topics with what was played, and the results of their symbols are
left out of the comparison; all others must be as they were.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import UnavailableError
from streams.faults.market import Piece
from streams.faults.results import Results
from streams.settings import Settings
from streams.topics import AGGREGATES, HALTS, NEWS, QUOTES, TRADES

MARKET_TOPICS: Final = (TRADES, QUOTES, AGGREGATES, HALTS)
TIMEOUT_S: Final = 30.0
POLL_MS: Final = 1_000

Offsets = Mapping[TopicPartition, int]


class _Event(msgspec.Struct):
    sym: str | None = None
    T: str | None = None


class _Article(msgspec.Struct):
    link: str


_events: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_event: Final = msgspec.json.Decoder(_Event).decode
_article: Final = msgspec.json.Decoder(_Article).decode


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the topics differ from what was played.

    Attributes:
        events: How many events and articles were sent and have not arrived.
        names: Symbols and links of those, and of what arrived twice as the vendor sent it twice.
    """

    events: int
    names: frozenset[str]

    def without(self, results: Results) -> Results:
        """Return the results that have nothing to do with the gap."""
        return {
            identity: values
            for identity, values in results.items()
            if not self.names & {*identity[0].split(":"), *identity[1].split(" ")}
        }


async def ends(settings: Settings) -> Offsets:
    """Return where the topics of events end now.

    Raises:
        UnavailableError: Kafka does not answer in time.
    """
    consumer = _consumer(settings)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await consumer.start()
            found: Offsets = await consumer.end_offsets(_partitions(settings))
            return found
    except (KafkaError, OSError, TimeoutError) as error:
        raise UnavailableError(f"Kafka does not tell where its topics end: {error!r}") from None
    finally:
        await consumer.stop()


async def gap_since(settings: Settings, since: Offsets, piece: Piece) -> Gap:
    """Return what of ``piece`` is not in the topics behind ``since``.

    Raises:
        UnavailableError: Kafka does not answer in time.
    """
    consumer = _consumer(settings)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await consumer.start()
            arrived = await _read(consumer, since, settings.topic(NEWS))
    except (KafkaError, OSError, TimeoutError) as error:
        raise UnavailableError(f"the topics of events cannot be read: {error!r}") from None
    finally:
        await consumer.stop()
    sent = await asyncio.to_thread(_sent, piece)
    missing, again = sent - arrived, arrived - sent
    return Gap(missing.total(), frozenset(map(_name, {*missing, *again})))


def _consumer(settings: Settings) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False)


def _partitions(settings: Settings) -> list[TopicPartition]:
    return [
        TopicPartition(settings.topic(topic), number)
        for topic in (*MARKET_TOPICS, NEWS)
        for number in range(settings.partitions(topic))
    ]


async def _read(consumer: AIOKafkaConsumer, since: Offsets, news: str) -> Counter[bytes]:
    arrived: Counter[bytes] = Counter()
    ends: Offsets = await consumer.end_offsets(list(since))
    consumer.assign(list(since))
    for partition, offset in since.items():
        consumer.seek(partition, offset)
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        found: dict[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=POLL_MS)
        for partition, records in found.items():
            for record in records:
                if partition.topic == news:
                    arrived[_article(record.value).link.encode()] = 1
                else:
                    arrived.update(map(bytes, _events(record.value)))
    return arrived


def _sent(piece: Piece) -> Counter[bytes]:
    sent = Counter({link: 1 for link in _links(piece.news.read_bytes().splitlines())})
    with piece.frames.open("rb") as file:
        for line in file:
            sent.update(map(bytes, _events(line)))
    return sent


def _links(articles: Iterable[bytes]) -> set[bytes]:
    return {_article(article).link.encode() for article in articles}


def _name(value: bytes) -> str:
    if not value.startswith(b"{"):
        return value.decode()
    event = _event(value)
    return event.sym or event.T or ""
