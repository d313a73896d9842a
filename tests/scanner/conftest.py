"""A market of good and bad events, and the scanner's workers on the real broker and Redis."""

from __future__ import annotations

import itertools
import json
import struct
import uuid
from base64 import b64encode
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from random import Random

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr
from redis.asyncio import Redis

from streams import topics
from streams.records import headers, partition_of
from streams.settings import Settings
from streams.topic_admin import create_topics
from tests.integration.workers import Workers, eventually, lag
from tests.scanner.brute_force import NEW_YORK, Arrival, Json, start_ms

DAY = date(2017, 7, 11)
"""A Tuesday."""
DAY_MS = 86_400_000
ODD_SYMBOLS = ["BRK.B", "BF/A", "Ä/é", "A B", "TEST+", "ZXZZT=", "日本", "a:b", "x{}y", "*[?]", "🚀", "NULL"]
SYMBOLS = [f"S{number:03}" for number in range(620)] + ODD_SYMBOLS
KINDS = [("CS", "XNAS"), ("ETF", "ARCX"), (None, "XNYS"), ("WARRANT", None)]
"""What symbols are, and where they are listed."""
PARTITIONS = 4
_databases = itertools.cycle(range(2, 16))


def at_ms(clock: time, day: date = DAY) -> int:
    """Return a time of New York, ms since 1970 UTC."""
    return int(datetime.combine(day, clock, NEW_YORK).timestamp() * 1000)


def bar(random: Random, second_ms: int, symbol: str | None = None) -> Json:
    """Return a bar of one second; some lack what may be missing. Many have the same volume."""
    price = round(random.uniform(1, 50), 2)
    event: Json = {
        "ev": random.choice(["A", "A", "A", "AM"]),
        "sym": symbol or random.choice(SYMBOLS),
        "v": random.randint(0, 500),
        "av": random.randint(0, 300) * 100,
        "c": price,
        "s": second_ms,
        "e": second_ms + 1_000,
    }
    for name, value in {
        "o": round(price * random.uniform(0.9, 1.1), 2),
        "op": 10.5,
        "vw": price,
        "h": price + 1,
        "l": price / 2,
        "a": round(price, 1),
        "z": random.choice([50, 12.5]),
    }.items():
        if random.random() < 0.9:
            event[name] = value
    return event


def spoiled(random: Random, event: Json) -> object:
    """Return something that is no bar any more."""
    return random.choice(
        [
            {**event, "av": "many"},
            {**event, "av": None},
            {**event, "c": -1.5},
            {**event, "o": -0.01},
            {**event, "h": True},
            {**event, "s": "soon"},
            {**event, "e": -5},
            {**event, "s": 10**18, "e": 10**18},
            {**event, "sym": 7},
            {**event, "sym": ""},
            {**event, "sym": "S" * 65},
            {**event, "av": 10**30},
            {**event, "v": 10**400},
            {**event, "ev": "T"},
            {**event, "ev": "XA"},
            {name: value for name, value in event.items() if name != "c"},
            {name: value for name, value in event.items() if name != "sym"},
            None,
            [],
            "A",
            17,
        ]
    )


def messy_market(seed: int, count: int = 6_000) -> list[Arrival]:
    """Return events around the open: out of order, doubled, of other days, and spoiled ones."""
    random = Random(seed)
    first, received = at_ms(time(9, 27)), at_ms(time(9, 34))
    arrivals: list[Arrival] = []
    for number in range(count):
        second = first + (number * 360 // count + random.randint(-20, 20)) * 1_000
        event = bar(random, second)
        fate = random.random()
        if fate < 0.04:
            event = {**event, "s": event["s"] - DAY_MS, "e": event["e"] - DAY_MS}
        elif fate < 0.06:
            event = {**event, "s": event["s"] + DAY_MS, "e": event["e"] + DAY_MS}
        elif fate < 0.12 and arrivals:
            event = random.choice(arrivals[-200:]).event
        arrivals.append(Arrival(spoiled(random, event) if fate > 0.96 else event, received))
    return arrivals


def next_day(seed: int, count: int = 600) -> list[Arrival]:
    """Return events of the next day's pre-market, received then."""
    random = Random(seed)
    first = at_ms(time(4)) + DAY_MS
    return [Arrival(bar(random, first + number * 1_000), first + count * 1_000) for number in range(count)]


def reference_data(seed: int) -> list[Json]:
    """Return what is known of most symbols on DAY, some of it zero; of others it is for another day."""
    random = Random(seed)
    found: list[Json] = []
    for symbol in SYMBOLS:
        fate = random.random()
        if fate < 0.1:
            continue
        reference: Json = {"symbol": symbol, "day_ms": start_ms(DAY) - (DAY_MS if fate < 0.2 else 0)}
        for name in ("close", "open", "high", "low", "volume", "vwap"):
            if random.random() < 0.9:
                reference[f"prev_day_{name}"] = random.choice([0.0, *[round(random.uniform(5, 60), 2)] * 9])
        if random.random() < 0.9:
            reference["avg_volume"] = random.choice([0.0, 12_345.5, 99_000.0])
        if random.random() < 0.9:
            reference["free_float"] = float(random.randint(1, 10**9))
        reference["security_type"], reference["exchange"] = KINDS[len(found) % len(KINDS)]
        if random.random() < 0.5:
            points = sorted(random.choice([0.0, random.uniform(0, 1e6)]) for _ in range(192))
            reference["volume_curve"] = b64encode(struct.pack("<192f", *points)).decode()
        found.append(reference)
    return found


def records(arrivals: Iterable[Arrival], seed: int) -> list[tuple[int, bytes, int | None]]:
    """Cut events into records: partition, value and time of receipt; a spoiled one goes anywhere."""
    random = Random(seed)
    waiting: defaultdict[int, list[Arrival]] = defaultdict(list)
    cut: list[tuple[int, bytes, int | None]] = []

    def close(partition: int) -> None:
        events = waiting.pop(partition)
        cut.append((partition, json.dumps([each.event for each in events]).encode(), events[0].received_ms))

    for arrival in arrivals:
        event = arrival.event
        symbol = event.get("sym") if isinstance(event, dict) else None
        partition = (
            partition_of(symbol, PARTITIONS) if isinstance(symbol, str) else random.randrange(PARTITIONS)
        )
        waiting[partition].append(arrival)
        if random.random() < 0.08:
            close(partition)
    for partition in list(waiting):
        close(partition)
    return cut


class Scanning:
    """The scanner's workers, and what they read."""

    def __init__(self, settings: Settings, folder: Path, redis: Redis) -> None:
        self.settings = settings
        self.workers = Workers("streams.scanner.app", settings, folder)
        self.group = f"{settings.kafka_topic_prefix}scanner"
        self.redis = redis

    async def send(self, arrivals: Sequence[Arrival], seed: int = 1) -> None:
        """Send events, and between them records that are no arrays of events."""
        topic = self.settings.topic(topics.AGGREGATES)
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, enable_idempotence=True
        ) as producer:
            for number, (partition, value, received_ms) in enumerate(records(arrivals, seed)):
                if number % 50 == 0:
                    for bad in (b"[]", b"", b'[{"ev":"A","sym":"S0', b"null", b"\xff\xfe", value[:-1]):
                        await producer.send(topic, bad, partition=partition)
                known = [] if received_ms is None else headers(received_ms * 1_000_000, "test")
                await producer.send(topic, value, partition=partition, headers=known)

    async def settled(self) -> None:
        """Return when the workers know all reference data for good."""

        async def committed() -> bool:
            return await lag(self.settings, self.group, topics.REFERENCE) == 0

        await eventually(committed)

    async def refer(self, references: Iterable[Json]) -> None:
        """Send reference data, and some that cannot be read."""
        topic = self.settings.topic(topics.REFERENCE)
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, enable_idempotence=True
        ) as producer:
            for reference in references:
                key = reference["symbol"].encode()
                await producer.send(topic, json.dumps(reference).encode(), key=key)
            for bad in (
                b'{"symbol":5}',
                b'{"symbol":"","day_ms":1}',
                b'{"symbol":"S001","day_ms":%d}' % 10**30,
            ):
                await producer.send(topic, bad, key=b"S001")
            await producer.send(topic, None, key=b"GONE")


@pytest.fixture
async def scanning(kafka_bootstrap: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Scanning]:
    wdc = f"{redis_url.rpartition('/')[0]}/{next(_databases)}"
    settings = Settings(
        kafka_bootstrap=kafka_bootstrap,
        kafka_topic_prefix=f"s{uuid.uuid4().hex[:8]}.",
        kafka_partitions=PARTITIONS,
        mdc_redis_url=SecretStr(redis_url),
        wdc_redis_url=SecretStr(wdc),
        worker_session_timeout_s=4.0,
        flush_interval_s=0.5,
        board_interval_s=0.2,
    )
    await create_topics(settings)
    async with Redis.from_url(wdc) as redis:
        await redis.flushdb()
        scanning = Scanning(settings, tmp_path, redis)
        async with scanning.workers:
            yield scanning
