"""Lists whose newest part is written anew, against a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from streams import feeds
from streams.emit import Emitter
from streams.emit.tails import Tail
from streams.settings import Settings
from streams.telemetry import Counters

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
KEY = feeds.BARS_MINUTE.key("ABC")


class Producer:
    """One symbol's list, oldest first, and how much of it is told."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.keep: int | None = None
        self.news: set[bytes] = set()

    def change(self, position: int, *entries: bytes) -> None:
        self.entries[position : position + len(entries)] = entries
        self.keep = position if self.keep is None else min(self.keep, position)
        self.news.update(entries)

    def collect(self) -> list[Tail]:
        if self.keep is None:
            return []
        values = self.entries[self.keep :]
        tail = Tail("ABC", self.keep, values, [value in self.news for value in values])
        self.keep, self.news = None, set()
        return [tail]

    def resync(self) -> None:
        self.keep = 0

    def refused(self, symbol: str) -> None:
        assert symbol == "ABC"
        self.keep = 0


@pytest.fixture
async def producer(settings: Settings) -> AsyncIterator[Producer]:
    made = Producer()
    emitter = Emitter(settings, Counters())
    emitter.tails(feeds.BARS_MINUTE, made.collect, made.resync, made.refused)
    async with emitter:
        yield made


async def test_a_list_follows_its_producer(producer: Producer, wdc: Redis, eventually: Eventually) -> None:
    async def is_so() -> bool:
        return list(reversed(await wdc.lrange(KEY, 0, -1))) == producer.entries

    for position, entries in ((0, (b"a",)), (1, (b"b", b"c")), (2, (b"C", b"d")), (0, (b"A",))):
        producer.change(position, *entries)
        await eventually(is_so)
    assert producer.entries == [b"A", b"b", b"C", b"d"]
    assert 0 < await wdc.ttl(KEY) <= feeds.BARS_MINUTE.ttl


async def test_only_what_changed_is_published(producer: Producer, wdc: Redis, eventually: Eventually) -> None:
    async with wdc.pubsub() as subscription:
        await subscription.subscribe(KEY)
        producer.change(0, b"a", b"b", b"c")

        async def is_written() -> bool:
            return bool(await wdc.llen(KEY) == 3)

        await eventually(is_written)
        producer.change(0, b"A")
        received: list[bytes] = []
        async with asyncio.timeout(20):
            while b"A" not in received:
                message = await subscription.get_message(ignore_subscribe_messages=True, timeout=1)
                if message:
                    received.append(message["data"])
    assert received == [b"a", b"b", b"c", b"A"]


async def test_a_list_that_redis_lost_is_written_whole(
    producer: Producer, wdc: Redis, eventually: Eventually
) -> None:
    producer.change(0, b"a", b"b")

    async def is_whole() -> bool:
        return list(reversed(await wdc.lrange(KEY, 0, -1))) == producer.entries

    await eventually(is_whole)
    await wdc.delete(KEY)
    producer.change(2, b"c")
    await eventually(is_whole)
    await wdc.flushall()
    await eventually(is_whole)
    assert producer.entries == [b"a", b"b", b"c"]
