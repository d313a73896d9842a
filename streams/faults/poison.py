"""Records that are wrong, written straight into every topic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams import kafka_link
from streams.errors import UnavailableError
from streams.faults.installation import Installation
from streams.settings import Settings
from streams.topics import CATALOGUE, MAX_MESSAGE_BYTES, Topic

HUGE: Final = MAX_MESSAGE_BYTES - 64 * 1024
KEY: Final = b"POISON"

POISONS: Final = (
    b"",
    b"\x00\xff\xfe not UTF-8 \xc3\x28",
    b"not JSON",
    b'[{"ev":"A","sym":"POI',
    b"null",
    b"17",
    b"[]",
    b"{}",
    b'[17,null,"A",[],{}]',
    b'[{"ev":"A"},{"ev":"T"},{"ev":"Q"},{"ev":"LULD"},{"sym":"POISON"}]',
    b'[{"ev":"A","sym":7,"c":"1.0","av":[],"s":{},"e":null}]',
    b'[{"ev":"A","sym":"POISON","c":-1.0,"h":-1.0,"l":-1.0,"o":-1.0,"av":1,"v":1,"s":1,"e":2}]',
    b'[{"ev":"T","sym":"POISON","p":1e999,"s":1,"t":1}]',
    b'{"symbol":7,"day_ms":"today"}',
    b'{"link":7,"title":null}',
    b'{"direction":"sideways","symbol":[]}',
    b"[" * 100_000,
)
"""What is in each of them: nothing, bytes, text, half an event, JSON of other types, events without fields,
with fields of wrong types and with impossible numbers, other topics' nouns, nesting without end."""


def poisons() -> Iterator[bytes | None]:
    """Yield the values: the small ones, no value at all, and two huge ones, one of them of valid JSON."""
    yield from POISONS
    yield None
    yield b"x" * HUGE
    yield b"[" + b'{"ev":"A","sym":"POISON"},' * (HUGE // 26) + b"{}]"


async def write_poison(installation: Installation) -> float:
    """Write every poison into a partition of every topic of the catalogue.

    Raises:
        UnavailableError: Kafka does not take it.
    """
    settings = installation.settings
    producer = AIOKafkaProducer(**kafka_link.options(settings), max_request_size=MAX_MESSAGE_BYTES)
    try:
        await producer.start()
        for topic in CATALOGUE:
            await _poison(producer, settings, topic)
    except (KafkaError, OSError) as error:
        raise UnavailableError(f"Kafka does not take poison: {error!r}") from None
    finally:
        await producer.stop()
    return time.monotonic()


async def _poison(producer: AIOKafkaProducer, settings: Settings, topic: Topic) -> None:
    partitions = settings.partitions(topic)
    for number, value in enumerate(poisons()):
        await producer.send_and_wait(settings.topic(topic), value, key=KEY, partition=number % partitions)
