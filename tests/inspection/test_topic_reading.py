"""What is read of real topics: ends, times, gaps, bad records."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from streams import records
from streams.errors import BadInputError, UnavailableError
from streams.inspection.answer import Answer
from streams.inspection.query import NoTopicError, Query, parse_marks
from streams.inspection.reader import inspect
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import NEWS, TRADES, VOLUME_CURVES

PARTITIONS = 3
OF_AAPL = records.partition_of("AAPL", PARTITIONS)
EMPTY, OTHER = [number for number in range(PARTITIONS) if number != OF_AAPL]
GONE = 5
"""So many of the oldest records of AAPL's partition are gone by retention."""
BATCHES = 12
BAD = 8
"""Offset of a record that is no JSON."""


@pytest.fixture(scope="module")
def settings(kafka_bootstrap: str) -> Settings:
    """An installation whose md.trades has a trimmed partition, an empty one, and one of two records."""
    made = Settings(
        kafka_bootstrap=kafka_bootstrap,
        kafka_topic_prefix=f"r{uuid.uuid4().hex[:8]}.",
        kafka_partitions=PARTITIONS,
    )
    asyncio.run(_fill(made))
    return made


async def _fill(settings: Settings) -> None:
    await create_topics(settings)
    topic = settings.topic(TRADES)
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap) as producer:
        for number in range(BATCHES):
            value = b'[{"sym":"AAPL","q":%d},{"sym":"X"}]' % number if number != BAD else b"\xff\xfe"
            headers = records.headers(1_770_000_000_000_000_000 + number, "massive")
            await producer.send_and_wait(topic, value, partition=OF_AAPL, headers=headers)
        # Records of the same ms are in the order of their partitions.
        await asyncio.sleep(0.01)
        for symbol in (b"Y", b"Z"):
            await producer.send_and_wait(topic, b'[{"sym":"%b"}]' % symbol, partition=OTHER)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, OF_AAPL): RecordsToDelete(GONE)})
    await admin.close()


async def ask(settings: Settings, **wanted: Any) -> Answer:  # noqa: ANN401  a query's fields
    return await inspect(settings, Query(TRADES, **wanted))


def places(found: Answer) -> list[tuple[int, int]]:
    return [(each.partition, each.offset) for each in found.records]


async def test_the_newest_and_what_comes_before_them(settings: Settings) -> None:
    newest = await ask(settings, most=4)
    assert places(newest) == [(OF_AAPL, 10), (OF_AAPL, 11), (OTHER, 0), (OTHER, 1)]
    assert newest.earlier is not None
    before = await ask(settings, before=parse_marks(newest.earlier))
    assert places(before) == [(OF_AAPL, offset) for offset in range(GONE, 10)]
    assert (before.earlier, before.stopped) == (None, None)
    assert places(await ask(settings, onward=parse_marks(before.later))) == places(newest)


async def test_a_symbols_events_with_the_records_that_hold_them(settings: Settings) -> None:
    found = await ask(settings, symbol="AAPL", most=2, offset=GONE)
    assert places(found) == [(OF_AAPL, 5), (OF_AAPL, 6)]
    assert [bytes(each.value) for each in found.records] == [
        b'[{"sym":"AAPL","q":5}]',
        b'[{"sym":"AAPL","q":6}]',
    ]
    assert [(each.events, each.concerned, each.headers["source"]) for each in found.records] == [
        (2, 1, "massive")
    ] * 2
    assert found.stopped == "stopped after 2 records: go on from offset 7"
    assert [each.partition for each in found.partitions] == [OF_AAPL]


async def test_a_record_that_is_no_json_hides_no_other(settings: Settings) -> None:
    found = await ask(settings, partition=OF_AAPL, offset=BAD - 1, most=3)
    assert [each.format for each in found.records] == ["json", "base64", "json"]
    assert "no JSON" in str(found.records[1].why)
    assert places(await ask(settings, symbol="AAPL", most=3)) == [(OF_AAPL, 9), (OF_AAPL, 10), (OF_AAPL, 11)]


async def test_offsets_that_are_gone_are_told_with_what_there_is(settings: Settings) -> None:
    for offset in (GONE - 1, BATCHES + 1):
        with pytest.raises(BadInputError, match=rf"trades holds offsets 5 to 11, not {offset}"):
            await ask(settings, partition=OF_AAPL, offset=offset)
    found = await ask(settings, onward={OF_AAPL: 2})
    assert places(found)[0] == (OF_AAPL, GONE)
    assert found.notes == [f"offsets 2 to 4 of partition {OF_AAPL} are gone"]


async def test_times_before_the_first_and_after_the_last_record(settings: Settings) -> None:
    first = await ask(settings, time_ms=1)
    assert len(first.records) == BATCHES - GONE + 2
    at = first.records[-1].time_ms
    assert at is not None
    assert places(await ask(settings, time_ms=at))[-1] == (OTHER, 1)
    after = await ask(settings, time_ms=at + 60_000)
    assert (places(after), after.notes) == ([], ["nothing as late as that has come yet"])
    assert after.earlier is not None
    assert places(await ask(settings, before=parse_marks(after.earlier), most=1)) == [(OTHER, 1)]


async def test_what_is_not_there_is_told(settings: Settings) -> None:
    absent = await ask(settings, symbol="NONE", partition=OF_AAPL)
    assert absent.notes == ["NONE is in none of the 7 records that were read"]
    assert (await ask(settings, partition=EMPTY)).notes == [f"{settings.topic(TRADES)} holds no record here"]
    with pytest.raises(BadInputError, match="has no partition 9: 0 to 2"):
        await ask(settings, partition=9)
    with pytest.raises(BadInputError, match="an offset is of one partition"):
        await inspect(settings, Query(NEWS, offset=0))
    with pytest.raises(BadInputError, match="is empty, its next offset is 0, not 4"):
        await inspect(settings, Query(VOLUME_CURVES, symbol="AAPL", offset=4))
    with pytest.raises(NoTopicError, match=r"none\.trades is not on the broker"):
        await ask(settings.model_copy(update={"kafka_topic_prefix": "none."}))


async def test_kafka_away_is_told(settings: Settings, unused_port: int) -> None:
    with pytest.raises(UnavailableError, match="is it running"):
        await ask(settings.model_copy(update={"kafka_bootstrap": f"127.0.0.1:{unused_port}"}))
