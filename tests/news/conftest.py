"""News workers on the real broker and Redis, and what their lists should hold."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from streams import feeds, topics
from streams.records import headers
from streams.sim.articles import ArticleWriter
from streams.sim.symbols import make_listings
from tests.integration.installation import Installation, installation
from tests.integration.workers import eventually, lag

Json = dict[str, Any]
Lists = dict[str, list[Json]]

START_MS = 1_700_000_000_000
RECEIVED_MS = 1_750_000_000_000
US = {"XNAS", "XNYS", "XASE"}


def wire(seed: int, count: int) -> list[Json]:
    """Return articles of the synthetic newswire."""
    writer = ArticleWriter(make_listings(300, 7), seed=seed, start_ms=START_MS, per_minute=30)
    return [article.fields for article in itertools.islice(writer, count)]


def as_raw(fields: Json) -> Json:
    """Return an article as the raw stream has it."""
    return {name: value for name, value in fields.items() if name not in {"companies", "sentiment"}}


def tickers_of(fields: Json) -> list[str]:
    """Return the US tickers of an article of the newswire, by its companies."""
    listings = [company["primaryListing"] for company in fields["companies"]]
    return list(dict.fromkeys(each["ticker"] for each in listings if each["exchangeCode"] in US))


def brute_force(articles: Iterable[Json]) -> Lists:
    """Return what every list should hold after ``articles``, which are in their enhanced form."""
    first: dict[str, float] = {}
    newest: dict[str, Json] = {}
    for fields in articles:
        first.setdefault(fields["link"], datetime.fromisoformat(fields["publishDate"]).timestamp())
        newest[fields["link"]] = fields
    lists: Lists = {feeds.NEWS_LATEST.key(): []}
    for link in sorted(newest, key=lambda link: (-first[link], link)):
        tickers = tickers_of(newest[link])
        listed = {**newest[link], "tickers": tickers}
        lists[feeds.NEWS_LATEST.key()].append(listed)
        for ticker in tickers:
            lists.setdefault(feeds.NEWS_TICKER.key(ticker), []).append(listed)
    bounds = {key: 10_000 if key == feeds.NEWS_LATEST.key() else 100 for key in lists}
    return {key: found[: bounds[key]] for key, found in lists.items()}


class Newsroom:
    """The news' workers, what they read, and what is in Redis."""

    def __init__(self, made: Installation) -> None:
        self.settings = made.settings
        self.workers = made.workers
        self.group = made.group
        self.server = made.server
        self.redis = made.wdc

    async def send(self, articles: Iterable[Json]) -> None:
        """Send articles as the listener does, and between them records that are none."""
        topic = self.settings.topic(topics.NEWS)
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, enable_idempotence=True
        ) as producer:
            for number, fields in enumerate(articles):
                known = headers((RECEIVED_MS + number) * 1_000_000, "test")
                value = json.dumps(fields, ensure_ascii=False).encode()
                await producer.send(topic, value, key=fields["link"].encode(), headers=known)
                if number % 40 == 0:
                    for bad in (b"", b"[]", b"\xff", b'{"link":"x"}', value[:-1]):
                        await producer.send(topic, bad, key=b"bad")

    async def lists(self) -> Lists:
        """Return every list of news that Redis holds."""
        keys = [key async for key in self.redis.scan_iter(match="news:*", count=1_000, _type="LIST")]
        return {
            key.decode(): [json.loads(value) for value in await self.redis.lrange(key, 0, -1)] for key in keys
        }

    async def expect(self, expected: Lists) -> None:
        """Wait until Redis holds exactly ``expected``, and all is committed."""
        found: Lists = {}

        async def agrees() -> bool:
            nonlocal found
            found = await self.lists()
            return found == expected

        try:
            await eventually(agrees, 45)
        except AssertionError:
            wrong = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
            sizes = {key: (len(found.get(key, [])), len(expected.get(key, []))) for key in sorted(wrong)[:5]}
            raise AssertionError(f"{len(wrong)} lists differ: {sizes}") from None
        await eventually(self.committed)

    async def committed(self) -> bool:
        """Tell whether the workers have committed all of both topics."""
        return not any(
            [await lag(self.settings, self.group, topic) for topic in (topics.NEWS, topics.NEWS_FILED)]
        )


@pytest.fixture
async def newsroom(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with installation("news", kafka_bootstrap, tmp_path) as made:
        yield Newsroom(made)
