"""Lists in Redis, made by real workers, equal a brute force over the same articles."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio.client import PubSub

from streams import feeds
from tests.integration.workers import eventually
from tests.news.conftest import as_raw, brute_force, wire

if TYPE_CHECKING:
    from tests.news.conftest import Newsroom

pytestmark = pytest.mark.timeout(300)


async def _received(subscription: PubSub, until: str) -> list[dict[str, Any]]:
    """Return the articles published up to the one with the link ``until``."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while not found or found[-1]["link"] != until:
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=1)
            if message:
                found.append(json.loads(message["data"]))
    return found


async def test_lists_after_corrections_a_kill_and_another_worker(newsroom: Newsroom) -> None:
    articles = wire(1, 900)
    first = await newsroom.workers.start("0")
    await newsroom.send(articles[:400])
    await newsroom.expect(brute_force(articles[:400]))
    await newsroom.workers.start("1")
    await newsroom.send(articles[400:600])
    await first.kill()
    await newsroom.send([as_raw(fields) for fields in articles[600:]])
    expected = brute_force(articles)
    found = await _raw_as_enhanced(newsroom, expected)
    assert found == {key: [each["link"] for each in listed] for key, listed in expected.items()}


async def _raw_as_enhanced(
    newsroom: Newsroom, expected: dict[str, list[dict[str, Any]]]
) -> dict[str, list[str]]:
    """Return the links of all lists once they agree, or at the end: raw articles lack the companies."""
    found: dict[str, list[str]] = {}

    async def agrees() -> bool:
        nonlocal found
        found = {key: [each["link"] for each in listed] for key, listed in (await newsroom.lists()).items()}
        return found == {key: [each["link"] for each in listed] for key, listed in expected.items()}

    try:
        await eventually(agrees, 60)
    except AssertionError:
        return found
    await eventually(newsroom.committed)
    return found


async def test_each_change_is_published_once_and_redis_gets_back_what_it_lost(newsroom: Newsroom) -> None:
    articles = [fields for fields in wire(2, 300) if not fields.get("isUpdate")]
    last = {**articles[0], "link": "the last", "publishDate": "2026-01-01T00:00:00Z"}
    await newsroom.workers.start("0")
    async with newsroom.redis.pubsub() as subscription:
        await subscription.subscribe(feeds.NEWS_LATEST.key())
        await newsroom.send([*articles, *articles, last])
        published = await _received(subscription, "the last")
        links = [fields["link"] for fields in published]
        assert len(links) == len(set(links)) == len({fields["link"] for fields in articles}) + 1

        corrected = {**articles[5], "title": "CORRECTED", "isUpdate": True}
        await newsroom.send([corrected])
        assert (await _received(subscription, corrected["link"]))[-1]["title"] == "CORRECTED"
        expected = brute_force([*articles, last, corrected])
        await newsroom.expect(expected)
        tickers = {key.rpartition(":")[2] for key in expected if key.startswith("news:ticker:")}

        async def tells_what_is_recent() -> bool:
            recent = json.loads(await newsroom.redis.get(feeds.NEWS_RECENT.key()) or b"{}")
            return recent.keys() == tickers

        async def tells_the_session() -> bool:
            calendar = json.loads(await newsroom.redis.get(feeds.MARKET_CALENDAR.key()) or b"{}")
            return calendar.get("session") in {"pre_market", "regular_session", "after_hours", "closed"}

        await eventually(tells_what_is_recent)
        await eventually(tells_the_session)
        await newsroom.redis.flushall()
        await newsroom.expect(expected)
        assert await subscription.get_message(ignore_subscribe_messages=True, timeout=0.5) is None
    await newsroom.server.stop()
    await newsroom.server.start()
    await newsroom.redis.connection_pool.disconnect()
    await newsroom.expect(expected)
    assert 0 < await newsroom.redis.ttl(feeds.NEWS_LATEST.key()) <= feeds.NEWS_LATEST.ttl


async def test_the_lists_are_there_again_when_all_workers_and_redis_were_gone(newsroom: Newsroom) -> None:
    articles = wire(3, 250)
    worker = await newsroom.workers.start("0")
    await newsroom.send(articles[:200])
    await newsroom.expect(brute_force(articles[:200]))
    await worker.stop()
    await newsroom.redis.flushall()
    await newsroom.send(articles[200:])
    await newsroom.workers.start("elsewhere")
    await newsroom.expect(brute_force(articles))
