"""How fast one durable scanner worker is: RocksDB, changelog and Redis emission on.

It reads a prefilled md.aggregates. The floor, of the same run over the same topic, is a bare consumer
that decodes the same records to typed events and throws them away.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.worker import ScannerWorker
from streams import records
from streams.events import Aggregate, BatchDecoder, MinuteAggregate
from streams.local.stack import LocalStack
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import AGGREGATES

SYMBOLS = 8_000
EVENTS = 2_000_000
ROUNDS = 3
OPEN_MS = 1_499_697_000_000
"""2017-07-10 10:30 ET."""
POLL_S = 0.05
PATIENCE_S = 120.0


@dataclass
class Round:
    """One measurement: events a second, CPU of the worker in percent of a core, its memory in bytes."""

    floor: float
    rate: float
    cpu_percent: float
    resident: int
    rejected: int


def bars(events: int, symbols: int, partitions: int) -> Iterator[tuple[int, list[Aggregate]]]:
    """Yield (partition, bars) by the second until there are ``events``: every symbol trades each second."""
    rng = random.Random(1)  # noqa: S311  a benchmark's data
    by_partition: defaultdict[int, list[str]] = defaultdict(list)
    for number in range(symbols):
        symbol = f"S{number:04d}"
        by_partition[records.partition_of(symbol, partitions)].append(symbol)
    volume = dict.fromkeys((symbol for group in by_partition.values() for symbol in group), 0)
    second = made = 0
    while made < events:
        start = OPEN_MS + second * 1000
        for partition, group in by_partition.items():
            batch = []
            for symbol in group:
                size, price = rng.randrange(1, 5_000), round(rng.uniform(5, 50), 2)
                volume[symbol] += size
                batch.append(
                    Aggregate(
                        sym=symbol, v=size, av=volume[symbol], op=20.0, vw=price, o=price, c=price,
                        h=price, l=price, a=20.1234, z=100, s=start, e=start + 1000,
                    )
                )  # fmt: skip
            made += len(batch)
            yield partition, batch
        second += 1


async def fill(settings: Settings, events: int) -> int:
    """Write ``events`` bars to md.aggregates in records as the listener makes them; return how many."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap, compression_type="lz4", acks="all", max_batch_size=1 << 19
    )
    topic, sent = settings.topic(AGGREGATES), 0
    async with producer:
        deliveries = []
        for partition, batch in bars(events, SYMBOLS, settings.partitions(AGGREGATES)):
            for value in _cut([msgspec.json.encode(bar) for bar in batch], settings.record_max_bytes):
                headers = records.headers(time.time_ns(), "benchmark")
                deliveries.append(await producer.send(topic, value, partition=partition, headers=headers))
            sent += len(batch)
        await asyncio.gather(*deliveries)
    return sent


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


async def measure_floor(settings: Settings) -> float:
    """Return events a second that a bare consumer decodes."""
    decode = BatchDecoder[Aggregate](Aggregate | MinuteAggregate).decode
    topic = settings.topic(AGGREGATES)
    partitions = [TopicPartition(topic, number) for number in range(settings.partitions(AGGREGATES))]
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


async def measure_worker(environment: dict[str, str], events: int) -> tuple[float, float, int, int]:
    """Return events a second of one worker, its CPU in percent, its resident bytes, and what it rejected."""
    with tempfile.TemporaryDirectory() as folder:
        async with ScannerWorker(environment, Path(folder)) as worker:
            process = worker.process
            first = await _until(worker, 1)
            started, cpu = time.perf_counter(), process.cpu_times()
            last = await _until(worker, events)
            seconds, after = time.perf_counter() - started, process.cpu_times()
            used = after.user + after.system - cpu.user - cpu.system
            resident = process.memory_info().rss
            rejected = sum((await worker.health())["counters"].get("events_rejected", {}).values())
            return (last - first) / seconds, used / seconds * 100, resident, rejected


async def _until(worker: ScannerWorker, count: int) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while (processed := await worker.counter("events_processed")) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker processed {processed} of {count} events in {PATIENCE_S} s")
        await asyncio.sleep(POLL_S)
    return processed


async def _bench(events: int, rounds: int) -> dict[str, Any]:
    measured = []
    async with LocalStack(Settings(), docker=False) as stack:
        for number in range(rounds):
            environment = {**stack.environment(), "KAFKA_TOPIC_PREFIX": f"round{number}."}
            settings = Settings(
                kafka_bootstrap=stack.bootstrap, kafka_topic_prefix=environment["KAFKA_TOPIC_PREFIX"]
            )
            await create_topics(settings)
            sent = await fill(settings, events)
            floor = await measure_floor(settings)
            measured.append(Round(floor, *await measure_worker(environment, sent)))
    return {
        "name": "scanner",
        "events_per_s": round(statistics.median(each.rate for each in measured)),
        "floor_events_per_s": round(statistics.median(each.floor for each in measured)),
        "ratio": round(statistics.median(each.rate / each.floor for each in measured), 3),
        "ratios": [round(each.rate / each.floor, 3) for each in measured],
        "dropped": sum(each.rejected for each in measured),
        "cpu_percent": round(statistics.median(each.cpu_percent for each in measured), 1),
        "resident_mb": round(max(each.resident for each in measured) / 1e6),
        "events": events,
        "symbols": SYMBOLS,
    }


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench scanner", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many events are prefilled")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many measurements")
    options = parser.parse_args(argv)
    return uvloop.run(_bench(options.events, options.rounds))
