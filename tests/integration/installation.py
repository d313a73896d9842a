"""One app's workers on topics and a Redis of their own, and the vendor's events for them."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from aiokafka import AIOKafkaProducer
from pydantic import SecretStr
from redis.asyncio import Redis

from streams.local.redis import RedisServer
from streams.records import headers, partition_of
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import topic_of_event
from tests.integration.workers import Workers

Json = dict[str, Any]

PARTITIONS = 4


class Installation:
    """The workers of one app, what they read and where they write.

    Attributes:
        server: The Redis server, for this installation alone.
        mdc, wdc: Clients of its databases.
    """

    def __init__(self, app: str, settings: Settings, folder: Path, server: RedisServer) -> None:
        self.settings = settings
        self.server = server
        self.workers = Workers(f"streams.{app}.app", settings, folder)
        self.group = f"{settings.kafka_topic_prefix}{app}"
        self.mdc, self.wdc = (Redis.from_url(server.url(database)) for database in (0, 1))

    async def send(
        self, events: Iterable[Json | bytes], received_ms: int | None = None, seed: int = 1
    ) -> None:
        """Send events in order, in records of random lengths; bytes go as they are, anywhere."""
        random = Random(seed)
        waiting: defaultdict[tuple[str, int], list[bytes]] = defaultdict(list)
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, enable_idempotence=True
        ) as producer:

            async def close(topic: str, partition: int) -> None:
                value = b"[" + b",".join(waiting.pop((topic, partition))) + b"]"
                known = [] if received_ms is None else headers(received_ms * 1_000_000, "test")
                await producer.send(topic, value, partition=partition, headers=known)

            topic = ""
            for event in events:
                if isinstance(event, dict):
                    topic = self.settings.topic(topic_of_event(event["ev"]))
                    place = topic, partition_of(event.get("sym") or event["T"], PARTITIONS)
                    waiting[place].append(json.dumps(event).encode())
                else:
                    place = topic, random.randrange(PARTITIONS)
                    waiting[place].append(event)
                if random.random() < 0.05:
                    await close(*place)
            for place in list(waiting):
                await close(*place)


@contextlib.asynccontextmanager
async def installation(app: str, bootstrap: str, folder: Path) -> AsyncIterator[Installation]:
    """Make the topics and start a Redis; the workers are the test's to start."""
    async with RedisServer() as server:
        settings = Settings(
            kafka_bootstrap=bootstrap,
            kafka_topic_prefix=f"i{uuid.uuid4().hex[:8]}.",
            kafka_partitions=PARTITIONS,
            mdc_redis_url=SecretStr(server.url(0)),
            wdc_redis_url=SecretStr(server.url(1)),
            redis_timeout_s=2.0,
            worker_session_timeout_s=4.0,
            flush_interval_s=0.3,
            top_trades_interval_s=0.4,
            bar_interval_s=0.2,
            volume_curves_quiet_s=0.5,
        )
        await create_topics(settings)
        made = Installation(app, settings, folder, server)
        async with made.workers, made.mdc, made.wdc:
            yield made


async def read(redis: Redis, pattern: str) -> dict[str, Any]:
    """Return the values of a family of feeds by the ``*`` of the pattern."""
    keys: Sequence[bytes] = [key async for key in redis.scan_iter(pattern)]
    head, _, tail = pattern.partition("*")
    values = await redis.mget(keys) if keys else []
    return {
        key.decode()[len(head) : len(key.decode()) - len(tail)]: json.loads(value)
        for key, value in zip(keys, values, strict=True)
        if value is not None
    }
