import time
from typing import Final

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.errors import UnavailableError
from streams.settings import Settings
from streams.topic_admin import check_topics, create_topics, list_topics, update_topics
from streams.topics import CATALOGUE, REFERENCE, SCANNER_PARTIALS, TRADES
from tests.integration.workers import partitions_of, read_all

LOG_APPEND_TIME: Final = 1


def settings_of(bootstrap: str, prefix: str, partitions: int = 3) -> Settings:
    return Settings(kafka_bootstrap=bootstrap, kafka_topic_prefix=prefix, kafka_partitions=partitions)


async def test_created_topics_are_as_the_catalogue_says(kafka_bootstrap: str) -> None:
    settings = settings_of(kafka_bootstrap, "created.")
    assert await create_topics(settings) == [settings.topic(topic) for topic in CATALOGUE]
    assert await check_topics(settings) == []
    states = {state.name: state for state in await list_topics(settings)}
    assert states[settings.topic(TRADES)].partitions == 3
    assert states[settings.topic(TRADES)].config["retention.ms"] == "900000"
    assert states[settings.topic(REFERENCE)].config["cleanup.policy"] == "compact"
    assert states[settings.topic(SCANNER_PARTIALS)].partitions == 1


async def test_second_creation_changes_nothing(kafka_bootstrap: str) -> None:
    settings = settings_of(kafka_bootstrap, "twice.")
    await create_topics(settings)
    before = await list_topics(settings)
    assert await create_topics(settings) == []
    assert await list_topics(settings) == before


async def test_changelogs_are_created_beside_the_catalogue(kafka_bootstrap: str) -> None:
    settings = settings_of(kafka_bootstrap, "changelogs.")
    await create_topics(settings)
    assert await create_topics(settings, {"changelogs.rows-changelog": 5}) == ["changelogs.rows-changelog"]
    assert await create_topics(settings, {"changelogs.rows-changelog": 5}) == []


async def test_missing_topics_are_told(kafka_bootstrap: str) -> None:
    mismatches = await check_topics(settings_of(kafka_bootstrap, "absent."))
    assert [mismatch.actual for mismatch in mismatches] == ["missing"] * len(CATALOGUE)


async def test_other_partition_count_is_told_and_left_alone(kafka_bootstrap: str) -> None:
    await create_topics(settings_of(kafka_bootstrap, "other.", partitions=2))
    wanted = settings_of(kafka_bootstrap, "other.", partitions=4)
    assert await create_topics(wanted) == []
    assert "other.trades: partitions is 2, expected 4" in [str(one) for one in await check_topics(wanted)]


async def write(settings: Settings, topic: str, timestamp_ms: int) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap) as producer:
        await producer.send_and_wait(topic, b"[]", partition=0, timestamp_ms=timestamp_ms)


async def test_a_record_of_a_clock_that_is_behind_is_kept_by_when_it_arrived(kafka_bootstrap: str) -> None:
    settings = settings_of(kafka_bootstrap, "behind.")
    await create_topics(settings)
    # The age of the newest record in an old segment is what retention goes by.
    before_ms = time.time_ns() // 1_000_000
    await write(settings, settings.topic(TRADES), before_ms - 2 * 3_600_000)
    (record,) = await read_all(settings, partitions_of(settings, TRADES))
    assert record.timestamp_type == LOG_APPEND_TIME
    assert before_ms - 1_000 <= record.timestamp <= time.time_ns() // 1_000_000 + 1_000


async def test_an_update_sets_what_differs_and_leaves_what_is_the_operators(kafka_bootstrap: str) -> None:
    settings = settings_of(kafka_bootstrap, "older.")
    name = settings.topic(TRADES)
    older = {"cleanup.policy": "delete", "retention.ms": "77000", "flush.messages": "500"}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 2, 1, topic_configs=older)])
    await admin.close()
    await create_topics(settings)
    changed = {
        (each.topic, each.setting): (each.actual, each.expected) for each in await update_topics(settings)
    }
    assert changed[name, "retention.ms"] == ("77000", "900000")
    assert changed[name, "message.timestamp.type"] == ("CreateTime", "LogAppendTime")
    assert [str(each) for each in await check_topics(settings)] == [
        "older.trades: partitions is 2, expected 3"
    ]
    states = {state.name: state for state in await list_topics(settings)}
    assert states[name].config["flush.messages"] == "500"
    assert await update_topics(settings) == []


async def test_unreachable_broker_is_one_clear_line(unused_port: int) -> None:
    settings = Settings(kafka_bootstrap=f"127.0.0.1:{unused_port}", kafka_timeout_s=5)
    with pytest.raises(UnavailableError, match="is it running, is KAFKA_BOOTSTRAP right") as caught:
        await create_topics(settings)
    assert "\n" not in str(caught.value)
