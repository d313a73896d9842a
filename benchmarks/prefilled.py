"""How fast one worker of an app reads a prefilled topic, against a floor of the same run.

The floor is a bare consumer that decodes the same records to typed events and throws them away.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.worker import AppWorker
from streams import records
from streams.local.stack import LocalStack
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import Topic

EVENTS = 2_000_000
ROUNDS = 3
POLL_S = 0.05
PATIENCE_S = 120.0
SCRAPE_S = 1.0


@dataclass(frozen=True)
class Workload:
    """What is read, and by whom.

    Attributes:
        app: The app whose worker is measured.
        topic: What it reads.
        batches: Yields (partition, events as JSON) for a number of partitions.
        decode: Returns the typed events of a record, and what is none: the floor's work.
        symbols: How many symbols the events are of.
    """

    app: str
    topic: Topic
    batches: Callable[[int], Iterator[tuple[int, list[bytes]]]]
    decode: Callable[[bytes], tuple[list[Any], Any]]
    symbols: int


@dataclass
class Round:
    """One measurement: events a second, CPU of the worker in percent of a core, its memory in bytes."""

    floor: float
    rate: float
    cpu_percent: float
    resident: int
    rejected: int


def options_of(name: str, text: str | None, argv: list[str]) -> argparse.Namespace:
    """Return the options of a benchmark: ``events`` that are prefilled, and ``rounds`` of measurement."""
    parser = argparse.ArgumentParser(prog=f"bench {name}", description=text)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many events are prefilled")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many measurements")
    return parser.parse_args(argv)


async def measure(work: Workload, rounds: int) -> dict[str, Any]:
    """Fill the topic and read it ``rounds`` times, on topics of their own; return the median figures."""
    measured, sent = [], 0
    async with LocalStack(Settings(), docker=False) as stack:
        for number in range(rounds):
            environment = {**stack.environment(), "KAFKA_TOPIC_PREFIX": f"round{number}."}
            settings = Settings(
                kafka_bootstrap=stack.bootstrap, kafka_topic_prefix=environment["KAFKA_TOPIC_PREFIX"]
            )
            await create_topics(settings)
            sent = await fill(settings, work)
            floor = await _measure_floor(settings, work)
            measured.append(Round(floor, *await measure_worker(environment, work.app, sent)))
    return {
        "name": work.app,
        "events_per_s": round(statistics.median(each.rate for each in measured)),
        "floor_events_per_s": round(statistics.median(each.floor for each in measured)),
        "ratio": round(statistics.median(each.rate / each.floor for each in measured), 3),
        "ratios": [round(each.rate / each.floor, 3) for each in measured],
        "dropped": sum(each.rejected for each in measured),
        "cpu_percent": round(statistics.median(each.cpu_percent for each in measured), 1),
        "resident_mb": round(max(each.resident for each in measured) / 1e6),
        "events": sent,
        "symbols": work.symbols,
    }


async def fill(settings: Settings, work: Workload, traced: float = 0.0) -> int:
    """Write the events in records as the listener makes them; return how many.

    Args:
        settings: Where to.
        work: What.
        traced: Share of the records that are traced.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap, compression_type="lz4", acks="all", max_batch_size=1 << 19
    )
    topic, sent = settings.topic(work.topic), 0
    async with producer:
        deliveries = []
        for partition, batch in work.batches(settings.partitions(work.topic)):
            for value in _cut(batch, settings.record_max_bytes):
                traceparent = _traceparent() if random.random() < traced else None  # noqa: S311  no secret
                headers = records.headers(time.time_ns(), "benchmark", traceparent)
                deliveries.append(await producer.send(topic, value, partition=partition, headers=headers))
            sent += len(batch)
        await asyncio.gather(*deliveries)
    return sent


def _traceparent() -> str:
    return f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"  # noqa: S311  no secret


def _cut(slices: list[bytes], most: int) -> Iterator[bytes]:
    chunk: list[bytes] = []
    size = 0
    for piece in slices:
        if size + len(piece) + 2 > most:
            yield records.join(chunk)
            chunk, size = [], 0
        chunk.append(piece)
        size += len(piece) + 1
    if chunk:
        yield records.join(chunk)


async def _measure_floor(settings: Settings, work: Workload) -> float:
    """Return events a second that a bare consumer decodes."""
    decode, topic = work.decode, settings.topic(work.topic)
    partitions = [TopicPartition(topic, number) for number in range(settings.partitions(work.topic))]
    async with AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign(partitions)
        left, count = sum((await consumer.end_offsets(partitions)).values()), 0
        started = time.perf_counter()
        while left:
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                left -= len(batch)
                for record in batch:
                    count += len(decode(record.value)[0])
        return count / (time.perf_counter() - started)


async def measure_worker(
    environment: dict[str, str], app: str, events: int, *, scraped: bool = False
) -> tuple[float, float, int, int]:
    """Return events a second of one worker, its CPU in percent, its resident bytes, and what it rejected.

    Args:
        environment: The worker's.
        app: Which.
        events: How many it will process.
        scraped: Whether its metrics are read once a second meanwhile.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with (
            AppWorker(app, environment, Path(folder)) as worker,
            repeating(worker.scrape) if scraped else nullcontext(),
        ):
            process = worker.process
            first = await _until(worker, 1)
            started, cpu = time.perf_counter(), process.cpu_times()
            last = await _until(worker, events)
            seconds, after = time.perf_counter() - started, process.cpu_times()
            used = after.user + after.system - cpu.user - cpu.system
            resident = process.memory_info().rss
            rejected = sum((await worker.health())["counters"].get("events_rejected", {}).values())
            return (last - first) / seconds, used / seconds * 100, resident, rejected


@asynccontextmanager
async def repeating(do: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Do something once a second for as long as the context lasts."""

    async def repeat() -> None:
        while True:
            await do()
            await asyncio.sleep(SCRAPE_S)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(worker: AppWorker, count: int) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while (processed := await worker.counter("events_processed")) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker processed {processed} of {count} events in {PATIENCE_S} s")
        await asyncio.sleep(POLL_S)
    return processed
