"""The screeners that users define on the page, read from the topic that the control plane keeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import kafka_link
from streams.backoff import Backoff
from streams.scanner import user_screeners
from streams.scanner.screener import Screener
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.topics import SCREENERS

logger = logging.getLogger(__name__)

POLL_S: Final = 1.0


class UsersSource:
    """Follows the topic, in each worker all of it. While Kafka is away what is known stays in force.

    Args:
        settings: Where Kafka is.
        counters: Counts ``user_screeners`` by what became of their records: ``read`` or ``refused``, the
            latter also for single ones that cannot be used.
    """

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._settings = settings
        self._counters = counters
        self._where = TopicPartition(settings.topic(SCREENERS), 0)
        self._reporter = Reporter(logger)
        self._known = asyncio.Event()
        self._newest: bytes | None = None
        self._screeners: tuple[Screener, ...] = ()

    @property
    def screeners(self) -> tuple[Screener, ...]:
        """Those in force, none before the topic was read."""
        return self._screeners

    async def known(self) -> None:
        """Wait until the topic was read, or is not there."""
        await self._known.wait()

    async def run(self, changed: Callable[[], None]) -> None:
        """Follow the topic for ever, connecting anew as often as it takes."""
        backoff = Backoff()
        while True:
            try:
                await self._follow(changed, backoff)
            except (KafkaError, OSError, TimeoutError) as error:
                self._reporter.warn("cannot read users' screeners, trying again", repr(error))
            await asyncio.sleep(backoff.next_s())

    async def _follow(self, changed: Callable[[], None], backoff: Backoff) -> None:
        async with kafka_link.reader(self._settings) as consumer:
            async with asyncio.timeout(self._settings.kafka_timeout_s):
                if self._where.topic not in await consumer.topics():
                    self._known.set()
                    self._reporter.warn(
                        "users' screeners have no boards",
                        f"there is no topic {self._where.topic}: streams topics create",
                    )
                    return
                consumer.assign([self._where])
                end = (await consumer.end_offsets([self._where]))[self._where]
                await consumer.seek_to_beginning(self._where)
            backoff.reset()
            await self._keep(consumer, end, changed)

    async def _keep(self, consumer: AIOKafkaConsumer, end: int, changed: Callable[[], None]) -> None:
        while True:
            if not self._known.is_set() and await consumer.position(self._where) >= end:
                self._known.set()
            found: dict[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=int(POLL_S * 1000))
            for records in found.values():
                # Each holds all there are: the newest that can be read alone counts.
                any(self._take(record.value or b"{}", changed) for record in reversed(records))

    def _take(self, record: bytes, changed: Callable[[], None]) -> bool:
        if record == self._newest:
            return True
        refused: list[str] = []
        try:
            screeners = user_screeners.decode(record, refused)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._counters.add("user_screeners", reason="refused")
            self._reporter.warn("users' screeners cannot be read; those in force stay", str(error))
            return False
        self._newest = record
        self._counters.add("user_screeners", reason="read")
        if refused:
            self._counters.add("user_screeners", len(refused), "refused")
            self._reporter.warn("a user's screener cannot be used", refused[0], len(refused))
        if screeners != self._screeners:
            self._screeners = screeners
            logger.info("users' screeners: %d", len(screeners))
            changed()
        return True
