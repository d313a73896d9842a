from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.listeners.producer import RecordProducer
from streams.listeners.record import Record
from streams.local.kafka import KafkaServer
from streams.records import received_ms
from streams.settings import Settings
from streams.telemetry import Counters
from streams.topic_admin import create_topics
from streams.topics import QUOTES, TRADES, UNKNOWN, Topic

if TYPE_CHECKING:
    from tests.listeners.conftest import Until

PARTITIONS = 2


def make_settings(bootstrap: str, **changes: object) -> Settings:
    return Settings(
        kafka_bootstrap=bootstrap,
        kafka_topic_prefix=f"t{uuid.uuid4().hex[:8]}.",
        kafka_partitions=PARTITIONS,
        kafka_timeout_s=5,
    ).model_copy(update=changes)


async def read(settings: Settings, topic: Topic) -> dict[int, list[ConsumerRecord]]:
    """Return everything that a topic holds, by partition."""
    partitions = [TopicPartition(settings.topic(topic), number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        found: dict[int, list[ConsumerRecord]] = {number: [] for number in range(PARTITIONS)}
        while any(len(found[tp.partition]) < end for tp, end in ends.items()):
            for tp, records in (await consumer.getmany(timeout_ms=1_000)).items():
                found[tp.partition] += records
        return found
    finally:
        await consumer.stop()


def numbered(number: int) -> Record:
    return Record(TRADES, number % PARTITIONS, b"[%d]" % number, 1, time.time_ns())


def is_exact(found: dict[int, list[ConsumerRecord]], count: int) -> bool:
    """Tell whether the records 0 … count - 1 are all there, once, in order."""
    return all(
        [record.value for record in records] == [b"[%d]" % n for n in range(partition, count, PARTITIONS)]
        for partition, records in found.items()
    )


@pytest_asyncio.fixture
async def broker() -> AsyncIterator[KafkaServer]:
    """A broker of the test's own, to be stopped and killed."""
    async with KafkaServer() as server:
        yield server


@pytest.fixture(autouse=True)
def quiet_client() -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


async def test_records_arrive_with_value_headers_and_partition_as_given(kafka_bootstrap: str) -> None:
    settings = make_settings(kafka_bootstrap)
    await create_topics(settings)
    counters = Counters()
    producer = RecordProducer(settings, "massive", counters)
    producer.start()
    for number in range(100):
        producer.put(Record(TRADES, number % PARTITIONS, b"[%d]" % number, 3, 1_700_000_000_000_000_000))
    assert await producer.flush(30)
    assert producer.status().connected
    await producer.close(5)
    found = await read(settings, TRADES)
    assert is_exact(found, 100)
    first = found[0][0]
    assert first.key is None
    assert first.timestamp_type == 1  # the broker's time; the time of receipt is a header
    assert dict(first.headers)["source"] == b"massive"
    assert received_ms(first.headers) == 1_700_000_000_000
    assert counters.get("records_acknowledged") == 100
    assert counters.total("events_acknowledged") == 300


async def test_a_restart_of_the_broker_loses_and_doubles_nothing(broker: KafkaServer, until: Until) -> None:
    settings = make_settings(broker.bootstrap)
    await create_topics(settings)
    counters = Counters()
    producer = RecordProducer(settings, "massive", counters)
    producer.start()
    count = 0

    async def feed() -> None:
        nonlocal count
        while True:
            for _ in range(20):
                producer.put(numbered(count))
                count += 1
            await asyncio.sleep(0.01)

    feeding = asyncio.create_task(feed())
    await until(lambda: counters.get("records_acknowledged") > 500)
    for end in (broker.kill, broker.stop):
        if end == broker.kill:
            await broker.kill()
            await until(lambda: not producer.status().connected)
            before = counters.get("records_acknowledged")
            assert producer.status().buffered_records > 0
        await broker.restart()
        await until(lambda before=before: counters.get("records_acknowledged") > before + 500)
    feeding.cancel()
    assert await producer.flush(60)
    assert producer.status().connected
    await producer.close(5)
    assert is_exact(await read(settings, TRADES), count)
    assert counters.total("dropped") == 0


async def test_a_broker_that_comes_late_gets_all_that_waited(broker: KafkaServer, until: Until) -> None:
    await broker.kill()
    settings = make_settings(broker.bootstrap)
    producer = RecordProducer(settings, "massive", Counters())
    producer.start()
    for number in range(500):
        producer.put(numbered(number))
    await until(lambda: producer.status().last_error)
    assert not producer.status().connected
    await broker.restart()
    await create_topics(settings)
    assert await producer.flush(60)
    await producer.close(5)
    assert is_exact(await read(settings, TRADES), 500)


async def test_a_missing_topic_holds_up_no_other(kafka_bootstrap: str) -> None:
    settings = make_settings(kafka_bootstrap, kafka_timeout_s=1)
    producer = RecordProducer(settings, "massive", Counters())
    producer.start()
    producer.put(Record(QUOTES, 0, b"[1]", 1, time.time_ns()))
    await create_topics(settings)
    producer.put(Record(TRADES, PARTITIONS + 5, b"[never]", 1, time.time_ns()))
    producer.put(Record(TRADES, 0, b"[0]", 1, time.time_ns()))
    await asyncio.wait_for(_until_topic_holds(settings, TRADES), 30)
    await asyncio.wait_for(_until_topic_holds(settings, QUOTES), 30)
    assert not await producer.flush(0.1)
    assert "no partition" in str(producer.status().last_error)
    await producer.close(0.1)


async def _until_topic_holds(settings: Settings, topic: Topic) -> None:
    while not (await read(settings, topic))[0]:  # noqa: ASYNC110  the broker sets no event
        await asyncio.sleep(0.1)


async def test_a_record_that_the_broker_finds_too_large_is_counted_and_costs_no_other(
    kafka_bootstrap: str,
) -> None:
    settings = make_settings(kafka_bootstrap)
    await create_topics(settings)
    counters = Counters()
    producer = RecordProducer(settings, "massive", counters)
    for number in range(10):
        producer.put(numbered(number))
    incompressible = random.Random(1).randbytes(12 * 1024 * 1024)
    producer.put(Record(TRADES, 0, incompressible, 7, time.time_ns()))
    for number in range(10, 20):
        producer.put(numbered(number))
    producer.start()
    assert await producer.flush(60)
    await producer.close(5)
    assert counters.by_reason("dropped") == {"too_large": 7}
    assert is_exact(await read(settings, TRADES), 20)


async def test_a_malformed_frame_of_five_megabytes_is_kept_whole(kafka_bootstrap: str) -> None:
    settings = make_settings(kafka_bootstrap)
    await create_topics(settings)
    producer = RecordProducer(settings, "massive", Counters())
    producer.start()
    frame = b'{"truncated":"' + b"market data " * 430_000
    producer.put(Record(UNKNOWN, 0, frame, 1, time.time_ns()))
    assert await producer.flush(30)
    await producer.close(5)
    assert (await read(settings, UNKNOWN))[0][0].value == frame


async def test_while_kafka_is_away_the_oldest_goes_beyond_the_bound(unused_port: int) -> None:
    settings = make_settings(f"127.0.0.1:{unused_port}", listener_buffer_bytes=10_000)
    counters = Counters()
    producer = RecordProducer(settings, "massive", counters)
    producer.start()
    for number in range(100):
        producer.put(Record(TRADES, number % PARTITIONS, b"x" * 800, 2, number))
    status = producer.status()
    assert status.buffered_records == 10
    assert status.buffered_bytes <= 10_000
    assert counters.by_reason("dropped") == {"buffer_full": 180}
    await producer.close(0)
    assert counters.by_reason("dropped") == {"buffer_full": 180, "shutdown": 20}
    assert producer.status().buffered_bytes == 0


async def test_nobody_waits_for_room_while_kafka_is_away(
    unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.listeners.producer.HIGH_WATER_BYTES", 1_000)
    producer = RecordProducer(make_settings(f"127.0.0.1:{unused_port}"), "massive", Counters())
    producer.start()
    for number in range(100):
        producer.put(numbered(number))
    await asyncio.wait_for(producer.room(), 1)
    await producer.close(0)


async def test_who_sends_faster_than_kafka_takes_is_slowed_down(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setattr("streams.listeners.producer.HIGH_WATER_BYTES", 10_000)
    settings = make_settings(kafka_bootstrap)
    await create_topics(settings)
    producer = RecordProducer(settings, "massive", Counters())
    producer.start()
    await until(lambda: producer.status().connected)
    for number in range(200):
        producer.put(numbered(number))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(producer.room(), 0)
    await asyncio.wait_for(producer.room(), 30)
    await producer.close(5)
