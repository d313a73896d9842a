"""The two lists of alerts, made of md.alerts by the one worker that merges the boards."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import kafka_link
from streams.backoff import Backoff
from streams.emit import Emitter
from streams.scanner import alert
from streams.scanner.alert_list import AlertList
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.topics import ALERTS

logger = logging.getLogger(__name__)

LOOK_BACK: Final = 10_000
"""How many records of each partition are read again by a worker that takes over."""
READ_RECORDS: Final = 1_000
"""Most records that are read at once."""
POLL_S: Final = 0.1


class AlertFeeds:
    """Reads md.alerts while it is this worker's part, and keeps the lists.

    Args:
        settings: Where Kafka is.
        counters: Counts ``alerts_listed`` and ``alerts_rejected``.
        emitter: Where the lists go.
        is_mine: Tells whether this worker is the one.
    """

    def __init__(
        self, settings: Settings, counters: Counters, emitter: Emitter, is_mine: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._counters = counters
        self._emitter = emitter
        self._is_mine = is_mine
        self._reporter = Reporter(logger)
        topic = settings.topic(ALERTS)
        self._partitions = [TopicPartition(topic, number) for number in range(settings.partitions(ALERTS))]

    async def run(self) -> None:
        """Follow md.alerts whenever it is this worker's part, for ever."""
        backoff = Backoff()
        while True:
            if not self._is_mine():
                await asyncio.sleep(POLL_S)
                continue
            try:
                await self._follow(backoff)
            except (KafkaError, OSError) as error:
                self._reporter.warn("cannot read the alerts, trying again", repr(error))
                await asyncio.sleep(backoff.next_s())

    async def _follow(self, backoff: Backoff) -> None:
        try:
            async with kafka_link.reader(self._settings) as consumer:
                async with asyncio.timeout(self._settings.kafka_timeout_s):
                    ends = await self._seek(consumer)
                lists = {direction: AlertList(feed.bound) for direction, feed in alert.FEEDS.items()}
                await self._read_backlog(consumer, ends, lists)
                if self._is_mine():
                    for direction, feed in alert.FEEDS.items():
                        self._emitter.replace(feed, lists[direction].values(), backlog=True)
                backoff.reset()
                await self._keep(consumer, lists)
        finally:
            for feed in alert.FEEDS.values():
                self._emitter.forget(feed)

    async def _seek(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        consumer.assign(self._partitions)
        starts = await consumer.beginning_offsets(self._partitions)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(self._partitions)
        for partition, end in ends.items():
            consumer.seek(partition, max(starts[partition], end - LOOK_BACK))
        return ends

    async def _read_backlog(
        self, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], lists: dict[str, AlertList]
    ) -> None:
        behind = set(ends)
        while behind and self._is_mine():
            self._take(await _read(consumer), lists)
            for partition in list(behind):
                if await consumer.position(partition) >= ends[partition]:
                    behind.discard(partition)

    async def _keep(self, consumer: AIOKafkaConsumer, lists: dict[str, AlertList]) -> None:
        changed: set[str] = set()
        told_at = 0.0
        while self._is_mine():
            changed |= self._take(await _read(consumer), lists)
            # In a burst many reads come before Redis takes a list once.
            if changed and time.monotonic() - told_at >= self._settings.publish_interval_s:
                for direction in changed:
                    self._emitter.replace(alert.FEEDS[direction], lists[direction].values())
                changed.clear()
                told_at = time.monotonic()

    def _take(self, values: Iterable[bytes], lists: dict[str, AlertList]) -> set[str]:
        """Put alerts into their lists; return the directions whose lists changed."""
        changed: set[str] = set()
        for value in values:
            try:
                read = alert.decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._counters.add("alerts_rejected")
                self._reporter.warn("an alert cannot be read", str(error))
                continue
            # Alerts of other kinds have no direction.
            if read.direction in lists and lists[read.direction].add(read, value):
                self._counters.add("alerts_listed")
                changed.add(read.direction)
        return changed


async def _read(consumer: AIOKafkaConsumer) -> Sequence[bytes]:
    found: dict[TopicPartition, list[Any]] = await consumer.getmany(
        timeout_ms=int(POLL_S * 1000), max_records=READ_RECORDS
    )
    return [record.value or b"" for records in found.values() for record in records]
