"""Counting workers on the real broker, under a load whose outcome is known."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams import topics
from streams.records import join, partition_of
from streams.settings import Settings
from streams.topic_admin import create_topics
from tests.integration.workers import Workers, eventually, lag, read_all

RECORD_EVENTS = 20
RECORDS_A_SECOND = 150
PARTITIONS = 4
LATER = 2
"""The version of the rows of the counting app's later version."""
WINDOW = 40
"""Symbols that have events at a time. They change all the time, so that most are quiet again at the end."""


class Load:
    """Sends events to md.aggregates until it is told to end, each acknowledged by Kafka.

    Attributes:
        expected: Count and sum by symbol.
    """

    def __init__(self, settings: Settings) -> None:
        self.expected: dict[str, tuple[int, int]] = {}
        self.sent = 0
        self._settings = settings
        self._numbers = itertools.count(1)
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Load:
        await create_topics(self._settings)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        """Stop sending; return when Kafka has everything."""
        self._ending.set()
        assert self._task is not None
        await self._task

    async def send_for(self, seconds: float) -> None:
        """Return when so much has been sent as fits into ``seconds``."""
        goal = self.sent + int(seconds * RECORDS_A_SECOND)

        async def reached() -> bool:
            return self.sent >= goal

        await eventually(reached)

    async def _run(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            enable_idempotence=True,
            request_timeout_ms=120_000,
            linger_ms=5,
        )
        await producer.start()
        try:
            async with asyncio.TaskGroup() as deliveries:
                while not self._ending.is_set():
                    for partition, value in self._records():
                        delivery = await producer.send(
                            self._settings.topic(topics.AGGREGATES), value, partition=partition
                        )
                        deliveries.create_task(_delivered(delivery))
                    await asyncio.sleep(PARTITIONS / RECORDS_A_SECOND)
        finally:
            await producer.stop()

    def _records(self) -> list[tuple[int, bytes]]:
        """Return one record a partition; their symbols are the newest of an endless row, and the oldest."""
        events: defaultdict[int, list[bytes]] = defaultdict(list)
        newest = self.sent // PARTITIONS
        for _ in range(RECORD_EVENTS * PARTITIONS):
            number = next(self._numbers)
            symbol = "ALL" if number % 10 == 0 else f"S{newest // 10 + number % WINDOW}"
            count, total = self.expected.get(symbol, (0, 0))
            self.expected[symbol] = count + 1, total + number
            events[partition_of(symbol, PARTITIONS)].append(msgspec.json.encode({"sym": symbol, "n": number}))
        self.sent += len(events)
        return [(partition, join(of_partition)) for partition, of_partition in events.items()]


async def _delivered(delivery: asyncio.Future[object]) -> None:
    await delivery


class Counting:
    """Workers that count, and what they have written."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.workers = Workers("counting_app", settings, folder)
        self.group = f"{settings.kafka_topic_prefix}count"

    async def caught_up(self) -> bool:
        """Tell whether everything has been counted and committed."""
        return await lag(self.settings, self.group, topics.AGGREGATES) == 0

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return count and sum by symbol: the newest row of each in the changelog."""
        name = f"{self.group}-counts-changelog"
        records = await read_all(
            self.settings, [TopicPartition(name, number) for number in range(PARTITIONS)]
        )
        rows = {record.key.decode(): msgspec.msgpack.decode(record.value) for record in records}
        return {
            symbol: tuple(row["totals"]) if row["v"] == LATER else (row["count"], row["sum"])
            for symbol, row in rows.items()
        }

    async def matches(self, load: Load) -> bool:
        """Tell whether every event was counted once."""
        return await self.counts() == load.expected

    async def check(self, load: Load) -> None:
        """Assert that every event was counted once, once all is committed."""
        await load.end()
        await eventually(self.caught_up)
        with contextlib.suppress(AssertionError):
            # What a worker has written that was no owner any more is corrected by the owner's next flush.
            await eventually(lambda: self.matches(load), 20)
        counts = await self.counts()
        wrong = {
            symbol: (counts.get(symbol), expected)
            for symbol, expected in load.expected.items()
            if counts.get(symbol) != expected
        }
        assert wrong == {}
        assert counts.keys() == load.expected.keys()


@pytest.fixture
def count_settings(kafka_bootstrap: str) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_bootstrap,
        kafka_topic_prefix=f"c{uuid.uuid4().hex[:8]}.",
        kafka_partitions=PARTITIONS,
        worker_session_timeout_s=4.0,
        flush_interval_s=0.5,
    )


@pytest.fixture
async def counting(count_settings: Settings, tmp_path: Path) -> AsyncIterator[Counting]:
    counting = Counting(count_settings, tmp_path)
    async with counting.workers:
        yield counting


@pytest.fixture
async def load(count_settings: Settings) -> AsyncIterator[Load]:
    async with Load(count_settings) as load:
        yield load
