"""The emitter against a real Redis."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams import feeds
from streams.emit import Emitter
from streams.feeds import Feed
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.telemetry import Counters

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


async def test_a_value_is_set_with_the_feeds_ttl(
    emitter: Emitter, wdc: Redis, eventually: Eventually
) -> None:
    emitter.put(feeds.QUOTE, b'{"symbol":"ABC"}', "ABC")

    async def is_there() -> bool:
        return await wdc.get("quote:ABC") == b'{"symbol":"ABC"}'

    await eventually(is_there)
    assert 0 < await wdc.ttl("quote:ABC") <= feeds.QUOTE.ttl


async def test_a_feed_goes_to_its_own_database(
    emitter: Emitter, own_redis: RedisServer, eventually: Eventually
) -> None:
    emitter.put(feeds.TRADE, b"{}", "ABC")
    async with Redis.from_url(own_redis.url(0)) as mdc:

        async def is_there() -> bool:
            return await mdc.get("stocks:trades:ABC") == b"{}"

        await eventually(is_there)


async def test_values_in_between_are_conflated_and_counted(
    emitter: Emitter, counters: Counters, wdc: Redis, eventually: Eventually
) -> None:
    async with wdc.pubsub() as subscription:
        await subscription.subscribe("quote:ABC", "quote:END")
        for number in range(1_000):
            emitter.put(feeds.QUOTE, b"%d" % number, "ABC")
        emitter.put(feeds.QUOTE, b"end", "END")
        received = []
        async with asyncio.timeout(20):
            while b"end" not in received:
                message = await subscription.get_message(ignore_subscribe_messages=True, timeout=1)
                if message:
                    received.append(message["data"])
    assert received == [b"999", b"end"]
    assert counters.get("conflated") == 999


async def test_a_list_is_newest_first_bounded_and_expires(
    emitter: Emitter, wdc: Redis, eventually: Eventually
) -> None:
    for number in range(feeds.NEWS_TICKER.bound + 5):
        emitter.push(feeds.NEWS_TICKER, b"%d" % number, "ABC")

    async def is_there() -> bool:
        return await wdc.lindex("news:ticker:ABC", 0) == b"104"

    await eventually(is_there)
    assert await wdc.llen("news:ticker:ABC") == feeds.NEWS_TICKER.bound
    assert 0 < await wdc.ttl("news:ticker:ABC") <= feeds.NEWS_TICKER.ttl


async def test_a_leftover_of_another_type_does_not_stop_a_list(
    emitter: Emitter, wdc: Redis, eventually: Eventually
) -> None:
    await wdc.set("daily_range_hod_alert", "a string")
    emitter.push(feeds.HIGH_ALERT, b"{}")

    async def is_list() -> bool:
        return await wdc.type("daily_range_hod_alert") == b"list"

    await eventually(is_list)


async def test_a_source_is_asked_for_its_changes(
    emitter: Emitter, wdc: Redis, eventually: Eventually
) -> None:
    rows = {"ABC": b"1", "XYZ": b"2"}
    changed = set(rows)

    def collect() -> list[tuple[str | None, bytes]]:
        taken: list[tuple[str | None, bytes]] = [(symbol, rows[symbol]) for symbol in sorted(changed)]
        changed.clear()
        return taken

    emitter.source(feeds.DAILY_RANGE, collect, lambda: changed.update(rows))

    async def are_there() -> bool:
        return await wdc.mget("daily_range:ABC", "daily_range:XYZ") == [b"1", b"2"]

    await eventually(are_there)


async def test_everything_is_written_again_when_redis_comes_back_empty(
    emitter: Emitter, own_redis: RedisServer, wdc: Redis, eventually: Eventually
) -> None:
    changed = {"SRC"}

    def collect() -> list[tuple[str | None, bytes]]:
        taken: list[tuple[str | None, bytes]] = [(symbol, b"row") for symbol in changed]
        changed.clear()
        return taken

    emitter.source(feeds.DAILY_RANGE, collect, lambda: changed.add("SRC"))
    emitter.put(feeds.QUOTE, b"written before", "OLD")
    emitter.put(feeds.SCREENER, b"[]", "left")
    emitter.put(feeds.TOP_VOLUME, b"[]")

    async def old_is_there() -> bool:
        return await wdc.exists("quote:OLD", "daily_range:SRC", "scanners:left") == 3

    await eventually(old_is_there)
    emitter.forget(feeds.SCREENER, "left")
    await own_redis.kill()
    for number in range(100):
        emitter.put(feeds.TOP_VOLUME, b"[%d]" % number)
    emitter.push(feeds.LOW_ALERT, b'{"first":1}')
    emitter.push(feeds.LOW_ALERT, b'{"second":2}')
    await own_redis.restart()
    keys = ("quote:OLD", "daily_range:SRC", "scanners:top_volume", "daily_range_lod_alert")

    async def all_is_there() -> bool:
        try:
            return await wdc.exists(*keys) == len(keys)
        except RedisError:
            return False

    await eventually(all_is_there)
    assert await wdc.get("scanners:top_volume") == b"[99]"
    assert not await wdc.exists("scanners:left")
    assert await wdc.lrange("daily_range_lod_alert", 0, -1) == [b'{"second":2}', b'{"first":1}']


async def test_an_idle_emitter_notices_that_redis_was_restarted(
    emitter: Emitter, own_redis: RedisServer, wdc: Redis, eventually: Eventually
) -> None:
    emitter.put(feeds.TOP_GAPPERS, b"[1]")

    async def is_there() -> bool:
        try:
            return await wdc.get("scanners:top_gappers") == b"[1]"
        except RedisError:
            return False

    await eventually(is_there)
    await own_redis.kill()
    await own_redis.restart()
    await eventually(is_there)


async def test_while_redis_is_away_bounds_hold_and_drops_are_counted(
    own_redis: RedisServer, settings: Settings
) -> None:
    await own_redis.kill()
    counters = Counters()
    bounded = settings.model_copy(update={"emit_max_keys": 10, "emit_max_entries": 5})
    async with Emitter(bounded, counters) as emitter:
        for number in range(12):
            emitter.put(feeds.QUOTE, b"{}", f"S{number}")
            emitter.push(feeds.NEWS_LATEST, b"{}")
    assert counters.by_reason("dropped") == {
        "emit_keys_full": 2,
        "emit_entries_full": 7,
        "emit_closed": 15,
    }


async def test_closing_writes_what_waits(settings: Settings, wdc: Redis) -> None:
    async with Emitter(settings, Counters()) as emitter:
        while not all(emitter.connected.values()):  # noqa: ASYNC110  the emitter sets no event
            await asyncio.sleep(0.01)
        emitter.put(feeds.QUOTE, b"last", "ABC")
    assert await wdc.get("quote:ABC") == b"last"


async def test_a_symbol_without_utf8_form_costs_itself_alone(
    emitter: Emitter, counters: Counters, wdc: Redis, eventually: Eventually
) -> None:
    emitter.put(feeds.QUOTE, b"bad", "\ud800")
    emitter.put(feeds.QUOTE, b"good", "Ä.B/C")

    async def is_there() -> bool:
        return await wdc.get("quote:Ä.B/C") == b"good"

    await eventually(is_there)
    assert counters.get("dropped", "emit_bad_key") == 1


async def test_many_large_values_are_written_in_one_flush(
    emitter: Emitter, wdc: Redis, eventually: Eventually
) -> None:
    for number in range(3_000):
        emitter.put(feeds.QUOTE, b"x" * 700, f"S{number}")
    emitter.put(feeds.QUOTE, b"y" * 3_000_000, "LARGE")

    async def are_there() -> bool:
        return len(await wdc.keys("quote:*")) == 3_001

    await eventually(are_there)


@pytest.mark.parametrize(
    ("feed", "symbol"), [(feeds.QUOTE, None), (feeds.TOP_VOLUME, "ABC"), (feeds.NEWS_LATEST, None)]
)
async def test_a_wrong_put_is_refused(emitter: Emitter, feed: Feed, symbol: str | None) -> None:
    with pytest.raises(ValueError, match="put"):
        emitter.put(feed, b"{}", symbol)


async def test_a_wrong_redis_url_is_named_without_its_secret() -> None:
    settings = Settings(wdc_redis_url="http://:secret@somewhere")
    with pytest.raises(Exception, match="redis://") as caught:
        Emitter(settings, Counters())
    assert "secret" not in str(caught.value)


async def test_values_wait_while_redis_refuses_to_take_them(
    emitter: Emitter, counters: Counters, wdc: Redis, eventually: Eventually
) -> None:
    await wdc.config_set("maxmemory", 1)
    emitter.put(feeds.QUOTE, b"{}", "ABC")

    async def is_refused() -> bool:
        return counters.get("redis_failures") > 0

    await eventually(is_refused)
    await wdc.config_set("maxmemory", 0)

    async def is_there() -> bool:
        return await wdc.get("quote:ABC") == b"{}"

    await eventually(is_there)


async def test_a_redis_that_hangs_holds_nothing_up(
    own_redis: RedisServer, settings: Settings, wdc: Redis, eventually: Eventually
) -> None:
    assert own_redis.pid is not None
    counters = Counters()
    async with Emitter(settings.model_copy(update={"redis_timeout_s": 0.2}), counters) as emitter:
        os.kill(own_redis.pid, signal.SIGSTOP)

        async def has_failed() -> bool:
            emitter.put(feeds.QUOTE, b"newest", "ABC")
            return counters.get("redis_failures") > 0

        await eventually(has_failed)
        os.kill(own_redis.pid, signal.SIGCONT)

        async def is_there() -> bool:
            return await wdc.get("quote:ABC") == b"newest"

        await eventually(is_there)


async def test_a_source_that_fails_is_reported_and_raised_on_closing(
    settings: Settings, caplog: pytest.LogCaptureFixture, eventually: Eventually
) -> None:
    def collect() -> list[tuple[str | None, bytes]]:
        raise LookupError("a row is missing")

    emitter = Emitter(settings, Counters())
    emitter.source(feeds.QUOTE, collect, lambda: None)
    await emitter.start()

    async def is_reported() -> bool:
        return "a source failed" in caplog.text

    await eventually(is_reported)
    with pytest.raises(LookupError, match="a row is missing"):
        await emitter.close()
