"""Alerts on their way to md.alerts: there before the states that no longer raise them are safe."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from streams.settings import Settings
from streams.telemetry import Counters
from streams.topics import ALERTS
from streams.writer import RecordWriter

MAX_BYTES: Final = 64 * 1024 * 1024
"""Most that waits; the scanner reads no further until it is written."""

Record = tuple[bytes, bytes]


class AlertOutbox:
    """The alerts of a worker's partitions that Kafka does not have yet.

    After a crash in between, the same bars raise the same alerts again: none is lost, and one that is
    written twice has one id.

    Args:
        settings: Where Kafka is.
        counters: Counts ``alerts_sent``.
    """

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._topic = settings.topic(ALERTS)
        self._counters = counters
        self._writer = RecordWriter(settings)
        self._waiting: defaultdict[int, list[Record]] = defaultdict(list)
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()

    def add(self, partition: int, alerts: Iterable[Record]) -> None:
        """Let a partition's alerts (symbol, JSON) wait for its next flush."""
        waiting = self._waiting[partition]
        for record in alerts:
            waiting.append(record)
            self._bytes += len(record[1])
        if self._bytes > MAX_BYTES:
            self._room.clear()

    async def room(self) -> None:
        """Wait while too many alerts do, as when Kafka takes no writes. Flushes go on."""
        await self._room.wait()

    async def write(self, partition: int) -> bool:
        """Write what waits of a partition; return whether Kafka has all of it."""
        waiting = self._waiting[partition]
        taken = waiting[:]
        if not taken:
            return True
        if await self._writer.write(self._topic, partition, taken) is None:
            return False
        self._counters.add("alerts_sent", len(taken))
        if self._waiting.get(partition) is waiting:
            del waiting[: len(taken)]
            self._written(taken)
        return True

    def drop(self, partition: int) -> None:
        """Leave a partition's alerts to the worker that has it now: it raises them again."""
        self._written(self._waiting.pop(partition, []))

    async def close(self) -> None:
        """Close the connection to Kafka."""
        await self._writer.close()

    def _written(self, records: list[Record]) -> None:
        self._bytes -= sum(len(value) for _, value in records)
        if self._bytes <= MAX_BYTES:
            self._room.set()
