"""Reads from Kafka how its topics are, every few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from streams import kafka_link
from streams.backoff import Backoff
from streams.scp import log_dirs
from streams.scp.clock import now_ms
from streams.scp.end_history import Reading
from streams.scp.topic_report import Moment, Partition, TopicFacts, TopicReport
from streams.settings import Settings
from streams.telemetry import Reporter

INTERVAL_S: Final = 5.0
FACTS_EVERY: Final = 12
"""Moments after which it is read again which topics there are."""
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 30.0
CLOSE_TIMEOUT_S: Final = 2.0
FAILURES: Final = (KafkaError, OSError, TimeoutError)

Readings = Mapping[str, Mapping[Partition, Reading]]

logger: Final = logging.getLogger(__name__)


class TopicWatch:
    """Keeps a report up to date.

    Args:
        settings: Where Kafka is, and what the platform's topics and groups begin with.
        readings: Returns how far the workers say they are, by group and partition: what is committed lies
            behind by as much as a worker commits seldom.
    """

    def __init__(self, settings: Settings, readings: Callable[[], Readings]) -> None:
        self._settings = settings
        self._readings = readings
        self._report = TopicReport()
        self._problem: str | None = "not read yet"
        self._read_ms: int | None = None
        self._reporter = Reporter(logger)

    def describe(self) -> dict[str, Any]:
        """Return the report; where Kafka is away, the last one and what is wrong."""
        return {"at_ms": self._read_ms, "problem": self._problem, "topics": self._report.describe()}

    @property
    def read_ms(self) -> int | None:
        """When Kafka was read last, ms since 1970 UTC; None before the first time."""
        return self._read_ms

    def ends(self, topic: str) -> dict[int, int] | None:
        """Return where each partition of a topic ended then; nothing where there was no such topic.

        None where that is not known.
        """
        return self._report.ends(topic)

    def problem(self, topic: str) -> str | None:
        """Return why nothing newer is known of a topic."""
        return self._problem or self._report.problem(topic)

    async def run(self) -> None:
        """Read, until cancelled."""
        backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
        while True:
            try:
                async with self._connected() as (admin, consumer):
                    backoff.reset()
                    await self._watch(admin, consumer)
            except FAILURES as error:
                self._problem = f"Kafka does not answer: {_why(error)}"
                self._reporter.warn("topics cannot be read", self._problem)
            await backoff.pause()

    async def _watch(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> None:
        facts: list[TopicFacts] = []
        for number in range(1_000_000):
            if number % FACTS_EVERY == 0 or not facts:
                async with asyncio.timeout(self._settings.kafka_timeout_s):
                    facts = await self._facts(admin)
                self._report.learn(facts)
            async with asyncio.timeout(self._settings.kafka_timeout_s):
                self._report.take(await self._moment(admin, consumer, facts))
            self._problem, self._read_ms = None, now_ms()
            await asyncio.sleep(INTERVAL_S)

    async def _facts(self, admin: AIOKafkaAdminClient) -> list[TopicFacts]:
        prefix = self._settings.kafka_topic_prefix
        names = sorted(name for name in await admin.list_topics() if name.startswith(prefix))
        if not names:
            return []
        described = {entry["topic"]: entry["partitions"] for entry in await admin.describe_topics(names)}
        answers = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        )
        configs = {
            resource[3]: {entry[0]: entry[1] for entry in resource[4]}
            for answer in answers
            for resource in answer.resources
        }
        return [
            TopicFacts(
                name,
                len(described[name]),
                min((len(each["replicas"]) for each in described[name]), default=0),
                configs.get(name, {}),
            )
            for name in names
            if name in described
        ]

    async def _moment(
        self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, facts: Sequence[TopicFacts]
    ) -> Moment:
        problems: dict[str, str] = {}
        begins: dict[Partition, int] = {}
        ends: dict[Partition, int] = {}
        # Topic by topic: one whose leader is lost must not hide the others.
        for topic in facts:
            wanted = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            try:
                async with asyncio.timeout(self._settings.kafka_timeout_s / 4):
                    first, last = await asyncio.gather(
                        consumer.beginning_offsets(wanted), consumer.end_offsets(wanted)
                    )
            except FAILURES as error:
                problems[topic.name] = f"its offsets cannot be read: {_why(error)}"
                continue
            begins |= {(key.topic, key.partition): offset for key, offset in first.items()}
            ends |= {(key.topic, key.partition): offset for key, offset in last.items()}
        at_s = time.monotonic()
        committed = await self._committed(admin, problems)
        sizes = await self._sizes(admin)
        return Moment(at_s, begins, ends, sizes, committed, self._readings(), problems)

    async def _committed(
        self, admin: AIOKafkaAdminClient, problems: dict[str, str]
    ) -> dict[str, dict[Partition, int]]:
        prefix = self._settings.kafka_topic_prefix
        groups = sorted(group for group, *_ in await admin.list_consumer_groups() if group.startswith(prefix))
        found: dict[str, dict[Partition, int]] = {}
        for group in groups:
            try:
                offsets = await admin.list_consumer_group_offsets(group)
            except FAILURES as error:
                problems[group] = f"its offsets cannot be read: {_why(error)}"
                continue
            found[group] = {
                (key.topic, key.partition): value.offset
                for key, value in offsets.items()
                if value.offset >= 0
            }
        return found

    async def _sizes(self, admin: AIOKafkaAdminClient) -> dict[Partition, int]:
        try:
            brokers = [broker["node_id"] for broker in (await admin.describe_cluster())["brokers"]]
            return await log_dirs.read(admin, brokers)
        except (*FAILURES, NotImplementedError) as error:
            self._reporter.warn("sizes of topics are unknown", _why(error))
            return {}

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[AIOKafkaAdminClient, AIOKafkaConsumer]]:
        settings = self._settings
        options = kafka_link.options(settings)
        admin, consumer = AIOKafkaAdminClient(**options), AIOKafkaConsumer(**options)
        try:
            async with asyncio.timeout(settings.kafka_timeout_s):
                await asyncio.gather(admin.start(), consumer.start())
            yield admin, consumer
        finally:
            for client in (admin.close(), consumer.stop()):
                with contextlib.suppress(*FAILURES):
                    await asyncio.wait_for(client, CLOSE_TIMEOUT_S)


def _why(error: BaseException) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
