from __future__ import annotations

import asyncio
import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.records import partition_of
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


async def test_operators_look_into_topics(install: Install, kafka_bootstrap: str) -> None:
    prefix = f"p{uuid.uuid4().hex[:8]}."
    made = Settings(kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix=prefix, kafka_partitions=2)
    await create_topics(made)
    partition = partition_of("AAPL", 2)
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        value = b'[{"sym":"AAPL","t":1770000000000000001},{"sym":"X"}]'
        await producer.send_and_wait(f"{prefix}halts", value, partition=partition)
    scp = await install(kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix=prefix, kafka_partitions=2)
    for name, status in ((None, 401), ("viewer", 403), ("trader", 403)):
        assert (await (await scp.browser(name)).get("/api/topics/halts/records")).status_code == status
    operator = await scp.browser("operator")
    asked = {"symbol": "AAPL", "newest": "5", "partition": ""}
    answer = await operator.get(f"/api/topics/{prefix}halts/records", params=asked)
    (record,) = answer.json()["records"]
    assert (record["partition"], record["offset"], record["concerned"]) == (partition, 0, 1)
    assert b'"value":[{"sym":"AAPL","t":1770000000000000001}]' in answer.content
    for wrong, status, told in (
        (f"{prefix}none/records", 404, f"one of {prefix}trades"),
        ("halts/records?partition=2", 422, "has no partition 2: 0 to 1"),
        (f"halts/records?partition={partition}&offset=9", 422, "holds offsets 0 to 0, not 9"),
        ("halts/records?offset=x", 422, "'x' is no whole number"),
        ("halts/records?time=noon", 422, "is no time"),
        ("halts/records?sybmol=X", 422, "no such parameter: 'sybmol'"),
        ("halts/records?newest=201", 422, "1 to 200"),
        ("halts/records?offset=0&time=09:30", 422, "one start alone"),
        ("halts/records?newest=1&time=09:30", 422, "newest stands alone"),
    ):
        refused = await operator.get(f"/api/topics/{wrong}")
        assert (refused.status_code, told in refused.json()["error"]) == (status, True), refused.text


async def test_few_look_into_topics_at_once(install: Install) -> None:
    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        operator = await (await install(kafka_bootstrap=f"127.0.0.1:{port}", kafka_timeout_s=0.5)).browser(
            "operator"
        )
        answers = await asyncio.gather(*(operator.get("/api/topics/news/records") for _ in range(8)))
    told = {answer.status_code: answer.json()["error"] for answer in answers}
    assert told.keys() == {429, 503}
    assert ("3 other readings" in told[429], "is it running" in told[503]) == (True, True)
    assert (await operator.get("/api/topics/none/records")).status_code == 404
