"""Lists that are kept whole, in a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from streams import feeds
from streams.emit import Emitter
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.telemetry import Counters

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
KEY = feeds.HIGH_ALERT.key()


class Subscriber:
    """What a subscriber of the list has been sent, oldest first."""

    def __init__(self) -> None:
        self.received: list[bytes] = []


@pytest.fixture
async def subscriber(wdc: Redis) -> AsyncIterator[Subscriber]:
    subscriber = Subscriber()
    async with wdc.pubsub() as subscription:
        await subscription.subscribe(KEY)

        async def listen() -> None:
            async for message in subscription.listen():
                if message["type"] == "message":
                    subscriber.received.append(message["data"])

        task = asyncio.create_task(listen())
        yield subscriber
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def expect(eventually: Eventually, redis: Redis, values: list[bytes]) -> None:
    async def is_there() -> bool:
        return await redis.lrange(KEY, 0, -1) == values

    await eventually(is_there)


async def expect_sent(eventually: Eventually, subscriber: Subscriber, values: list[bytes]) -> None:
    async def is_there() -> bool:
        return subscriber.received == values

    await eventually(is_there)


async def test_a_list_holds_what_it_was_replaced_by_and_expires(
    emitter: Emitter, wdc: Redis, eventually: Eventually
) -> None:
    emitter.replace(feeds.HIGH_ALERT, [b"3", b"2", b"1"])
    await expect(eventually, wdc, [b"3", b"2", b"1"])
    assert 0 < await wdc.ttl(KEY) <= feeds.HIGH_ALERT.ttl


async def test_a_value_that_comes_late_is_put_in_its_place_and_published_alone(
    emitter: Emitter, wdc: Redis, subscriber: Subscriber, eventually: Eventually
) -> None:
    emitter.replace(feeds.HIGH_ALERT, [b"4", b"2", b"1"])
    await expect(eventually, wdc, [b"4", b"2", b"1"])
    emitter.replace(feeds.HIGH_ALERT, [b"4", b"3", b"2", b"1"])
    await expect(eventually, wdc, [b"4", b"3", b"2", b"1"])
    await expect_sent(eventually, subscriber, [b"1", b"2", b"4", b"3"])


async def test_a_list_keeps_no_more_than_the_feeds_bound(
    emitter: Emitter, wdc: Redis, eventually: Eventually
) -> None:
    values = [b"%d" % number for number in range(feeds.HIGH_ALERT.bound + 10)]
    emitter.replace(feeds.HIGH_ALERT, values)
    await expect(eventually, wdc, values[: feeds.HIGH_ALERT.bound])


async def test_an_emptied_list_is_no_list(emitter: Emitter, wdc: Redis, eventually: Eventually) -> None:
    emitter.replace(feeds.HIGH_ALERT, [b"1"])
    await expect(eventually, wdc, [b"1"])
    emitter.replace(feeds.HIGH_ALERT, [])
    await expect(eventually, wdc, [])


async def test_a_list_that_someone_else_changed_is_written_anew(
    emitter: Emitter, wdc: Redis, subscriber: Subscriber, eventually: Eventually
) -> None:
    emitter.replace(feeds.HIGH_ALERT, [b"2", b"1"])
    await expect(eventually, wdc, [b"2", b"1"])
    await wdc.lpush(KEY, b"strange")
    emitter.replace(feeds.HIGH_ALERT, [b"3", b"2", b"1"])
    await expect(eventually, wdc, [b"3", b"2", b"1"])
    await expect_sent(eventually, subscriber, [b"1", b"2", b"3"])


async def test_a_backlog_is_published_as_far_as_the_list_in_redis_lacks_it(
    emitter: Emitter, wdc: Redis, subscriber: Subscriber, eventually: Eventually
) -> None:
    await wdc.lpush(KEY, b"1", b"2")
    emitter.replace(feeds.HIGH_ALERT, [b"4", b"3", b"2", b"1"], backlog=True)
    await expect(eventually, wdc, [b"4", b"3", b"2", b"1"])
    await expect_sent(eventually, subscriber, [b"3", b"4"])


async def test_a_backlog_is_no_news_where_redis_has_no_list(
    emitter: Emitter, wdc: Redis, subscriber: Subscriber, eventually: Eventually
) -> None:
    emitter.replace(feeds.HIGH_ALERT, [b"2", b"1"], backlog=True)
    emitter.replace(feeds.HIGH_ALERT, [b"3", b"2", b"1"])
    await expect(eventually, wdc, [b"3", b"2", b"1"])
    await expect_sent(eventually, subscriber, [b"3"])


async def test_a_forgotten_list_stays_as_it_is(emitter: Emitter, wdc: Redis, eventually: Eventually) -> None:
    emitter.replace(feeds.HIGH_ALERT, [b"1"])
    await expect(eventually, wdc, [b"1"])
    emitter.forget(feeds.HIGH_ALERT)
    await wdc.flushdb()
    emitter.replace(feeds.LOW_ALERT, [b"2"])

    async def is_there() -> bool:
        return bool(await wdc.exists(feeds.LOW_ALERT.key()))

    await eventually(is_there)
    assert not await wdc.exists(KEY)


async def test_values_that_come_and_go_between_two_writes_are_counted(
    settings: Settings, counters: Counters
) -> None:
    emitter = Emitter(settings, counters)
    emitter.replace(feeds.HIGH_ALERT, [b"1"])
    emitter.replace(feeds.HIGH_ALERT, [b"2"])
    assert counters.get("conflated") == 1


async def test_everything_is_written_again_after_redis_was_emptied(
    emitter: Emitter, wdc: Redis, subscriber: Subscriber, eventually: Eventually
) -> None:
    emitter.replace(feeds.HIGH_ALERT, [b"1"])
    emitter.put(feeds.QUOTE, b"{}", "ABC")
    await expect(eventually, wdc, [b"1"])
    await wdc.flushdb()
    await expect(eventually, wdc, [b"1"])

    async def is_there() -> bool:
        return await wdc.get("quote:ABC") == b"{}"

    await eventually(is_there)
    assert subscriber.received == [b"1"]


async def test_a_list_is_there_again_after_redis_was_away(
    emitter: Emitter, own_redis: RedisServer, eventually: Eventually
) -> None:
    async with Redis.from_url(own_redis.url(1)) as redis:
        emitter.replace(feeds.HIGH_ALERT, [b"1"])
        await expect(eventually, redis, [b"1"])
    await own_redis.kill()
    emitter.replace(feeds.HIGH_ALERT, [b"2", b"1"])
    await own_redis.restart()
    async with Redis.from_url(own_redis.url(1)) as redis:
        await expect(eventually, redis, [b"2", b"1"])


async def test_a_list_feed_takes_no_symbol_too_many_and_no_latest_value(emitter: Emitter) -> None:
    with pytest.raises(ValueError, match="daily_range_hod_alert"):
        emitter.replace(feeds.HIGH_ALERT, [b"1"], "ABC")
    with pytest.raises(ValueError, match="quote"):
        emitter.replace(feeds.QUOTE, [b"1"], "ABC")
