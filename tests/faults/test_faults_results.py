import json

from redis.asyncio import Redis

from streams import feeds
from streams.faults.results import read_results


async def write(redis: Redis) -> None:
    await redis.set(feeds.TOP_VOLUME.key(), json.dumps([{"rank": 1, "symbol": "ABC"}]))
    await redis.set(feeds.QUOTE.key("ABC"), b'{"symbol":"ABC","close":1.0}')
    await redis.set(feeds.TOP_TRADES_ALL.key(), b'{"timestamp":1,"symbols":{"ABC":{"trade_count":1}}}')
    await redis.set(feeds.MARKET_CALENDAR.key(), b"{}")
    await redis.rpush(
        feeds.HIGH_ALERT.key(), b'{"id":"0:7:ABC","symbol":"ABC"}', b'{"id":"0:8:ABC","symbol":"ABC"}'
    )
    await redis.rpush(feeds.NEWS_LATEST.key(), b'{"link":"https://a.example","title":"A"}')
    await redis.set("a key of nobody", b"x")


async def test_entries_are_told_apart_by_symbol_link_and_content(redis_url: str) -> None:
    async with Redis.from_url(f"{redis_url}/9") as market, Redis.from_url(f"{redis_url}/10") as widgets:
        await market.flushdb()
        await widgets.flushdb()
        await write(widgets)
        found = await read_results(market, widgets)
        await widgets.flushdb()
    alert = next(identity for identity in found if identity[0] == feeds.HIGH_ALERT.key())
    assert alert[1].startswith("ABC ")
    assert {identity: values.total() for identity, values in found.items()} == {
        (feeds.TOP_VOLUME.key(), "ABC"): 1,
        (feeds.QUOTE.key("ABC"), ""): 1,
        (feeds.TOP_TRADES_ALL.key(), "ABC"): 1,
        alert: 2,
        (feeds.NEWS_LATEST.key(), "https://a.example"): 1,
    }
