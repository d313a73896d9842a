from __future__ import annotations

import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.settings import Settings
from streams.topic_admin import create_topics

from .conftest import Install, eventually


async def test_topics_with_their_sizes_rates_and_readers(install: Install, kafka_bootstrap: str) -> None:
    prefix = f"p{uuid.uuid4().hex[:8]}."
    await create_topics(
        Settings(kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix=prefix, kafka_partitions=2)
    )
    topic = f"{prefix}trades"
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        for partition, count in ((0, 30), (1, 10)):
            for _ in range(count):
                await producer.send_and_wait(topic, b"x" * 100, partition=partition)
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap, group_id=f"{prefix}reader", enable_auto_commit=False
    ) as consumer:
        consumer.assign([TopicPartition(topic, 0), TopicPartition(topic, 1)])
        await consumer.commit({TopicPartition(topic, 0): 30, TopicPartition(topic, 1): 4})
    scp = await install(kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix=prefix, kafka_timeout_s=20)
    viewer = await scp.browser("viewer")

    async def is_read() -> bool:
        return bool((await viewer.get("/api/topics")).json()["topics"])

    await eventually(is_read)
    answer = (await viewer.get("/api/topics")).json()
    found = {each["name"]: each for each in answer["topics"]}
    trades = found[topic]
    assert answer["problem"] is None
    assert (trades["partitions"], trades["records"], trades["retention_ms"]) == (2, 40, 900_000)
    assert trades["bytes"] > 4_000
    assert trades["skew"] == 1.5
    (group,) = trades["groups"]
    assert (group["group"], group["lag"]) == (f"{prefix}reader", 6)
    assert [each["lag"] for each in group["details"]] == [0, 6]
    assert found[f"{prefix}reference"]["cleanup"] == "compact"


async def test_kafka_away_is_told(install: Install) -> None:
    viewer = await (await install()).browser("viewer")

    async def is_told() -> bool:
        return "does not answer" in ((await viewer.get("/api/topics")).json()["problem"] or "")

    await eventually(is_told)
