import asyncio
import json
import shutil

import pytest
from aiokafka import AIOKafkaProducer

from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import CATALOGUE
from tests.deploy.conftest import Run

pytestmark = pytest.mark.skipif(
    shutil.which("kcat") is None, reason="no kcat on PATH (Debian's package kcat)"
)

APPENDED_MS: list[int] = []
"""When the broker took the frames: that is a record's time."""
FRAMES = [
    b'[{"ev":"T","sym":"AAPL","p":10}]',
    b'[{"ev":"T","sym":"MSFT","p":20},{"ev":"T","sym":"AAPL","p":11}]',
]


@pytest.fixture
async def settings(kafka_bootstrap: str) -> Settings:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix="kcat.", kafka_partitions=2)
    if await create_topics(settings):
        async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
            for frame in FRAMES:
                taken = await producer.send_and_wait("kcat.alerts", frame, partition=1)
                APPENDED_MS.append(taken.timestamp)
                await asyncio.sleep(0.05)
    return settings


def test_kcat_lists_the_topics(settings: Settings, run: Run) -> None:
    listed = json.loads(run("kcat", "-b", settings.kafka_bootstrap, "-L", "-J").stdout)
    partitions = {topic["topic"]: len(topic["partitions"]) for topic in listed["topics"]}
    for topic in CATALOGUE:
        assert partitions[settings.topic(topic)] == settings.partitions(topic)


def test_kcat_reads_a_span_of_time_as_json(settings: Settings, run: Run) -> None:
    span = ("-o", f"s@{APPENDED_MS[0] + 1}", "-o", f"e@{APPENDED_MS[1] + 1}")
    read = run(
        "kcat", "-b", settings.kafka_bootstrap, "-t", "kcat.alerts", "-p", "1", "-C", "-q", *span, "-e"
    )
    assert [event["sym"] for event in json.loads(read.stdout)] == ["MSFT", "AAPL"]


def test_kcat_tells_the_offset_of_a_time(settings: Settings, run: Run) -> None:
    found = run("kcat", "-b", settings.kafka_bootstrap, "-Q", "-t", f"kcat.alerts:1:{APPENDED_MS[0] + 1}")
    assert found.stdout.split() == ["kcat.alerts", "[1]", "offset", "1"]
