"""Company data with a cache in Redis: each question goes to the vendor once, however many ask it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import quote

import msgspec

from streams import feeds, redis_link
from streams.errors import StreamsError, UnavailableError
from streams.feeds import DAY, Feed
from streams.scp import company
from streams.scp.vendor import NotEntitledError, TooLongError, Vendor
from streams.settings import Settings
from streams.telemetry import Counters, Reporter

NOTHING_S: Final = DAY
"""How long it is remembered that the vendor knows nothing …"""
FAILED_S: Final = 20.0
"""… that it could not be asked …"""
NOT_ENTITLED_S: Final = 600.0
"""… and that it will not tell."""
MAX_FAILURES: Final = 10_000
MAX_LOGO_BYTES: Final = 512 * 1024
MAX_ARTICLES: Final = 50
CONNECTIONS: Final = 4
_NONE: Final = b""

logger: Final = logging.getLogger(__name__)

CACHE: Final = "cache"
API: Final = "api"

Found = tuple[bytes, str]
"""What is known, and where it came from."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of question: its feed in the cache, and how the vendor is asked and understood."""

    feed: Feed
    path: str
    query: Mapping[str, str]
    read: Callable[[bytes], Any]


OVERVIEW: Final = Topic(feeds.COMPANY_OVERVIEW, "/v3/reference/tickers/{}", {}, company.overview)
NEWS: Final = Topic(
    feeds.COMPANY_NEWS,
    "/v2/reference/news",
    {"ticker": "{}", "limit": str(MAX_ARTICLES), "order": "desc", "sort": "published_utc"},
    company.archived_articles,
)
SHORT_INTEREST: Final = Topic(
    feeds.SHORT_INTEREST,
    "/stocks/v1/short-interest",
    {"ticker": "{}", "limit": "1", "sort": "settlement_date.desc"},
    company.short_interest,
)
SHORT_VOLUME: Final = Topic(
    feeds.SHORT_VOLUME,
    "/stocks/v1/short-volume",
    {"ticker": "{}", "limit": "1", "sort": "date.desc"},
    company.short_volume,
)


class CompanyData:
    """Answers questions about companies.

    Args:
        settings: Where Redis is.
        vendor: Who knows.
        counters: Counts ``company_data`` by where answers came from.
    """

    def __init__(self, settings: Settings, vendor: Vendor, counters: Counters) -> None:
        self._redis = redis_link.make_client(settings.wdc_redis_url, settings.redis_timeout_s, CONNECTIONS)
        self._vendor = vendor
        self._counters = counters
        self._reporter = Reporter(logger)
        self._asking: dict[str, asyncio.Task[Found]] = {}
        self._failures: OrderedDict[str, tuple[float, StreamsError]] = OrderedDict()

    async def close(self) -> None:
        """End what is still asked, and drop the connections."""
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        await self._redis.aclose()
        await self._vendor.close()

    async def get(self, topic: Topic, symbol: str) -> tuple[Any, str]:
        """Return what is known of a symbol, empty where nothing is, and where it came from.

        Raises:
            StreamsError: The vendor cannot or will not be asked.
        """
        found, source = await self._kept(topic.feed, symbol, lambda: self._ask(topic, symbol))
        try:
            return msgspec.json.decode(found), source
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise UnavailableError(f"{topic.feed.key(symbol)} holds no JSON in Redis: remove it") from None

    async def logo(self, symbol: str) -> bytes:
        """Return a company's logo; empty where there is none.

        Raises:
            StreamsError: The vendor cannot or will not be asked.
        """
        found, _ = await self._kept(feeds.COMPANY_LOGO, symbol, lambda: self._ask_logo(symbol))
        return found

    async def live_news(self, symbol: str, limit: int) -> list[company.Fields]:
        """Return the newest articles of the news feed about a symbol; none where Redis does not answer."""
        try:
            values = await cast(
                "Awaitable[list[bytes]]",
                self._redis.lrange(feeds.NEWS_TICKER.key(symbol), 0, limit - 1),
            )
        except redis_link.FAILURES as error:
            self._redis_failed(error)
            return []
        return company.live_articles(values)

    async def _kept(self, feed: Feed, symbol: str, ask: Callable[[], Awaitable[bytes]]) -> Found:
        key = feed.key(symbol)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._find(key, feed.ttl, ask))
            task.add_done_callback(partial(self._forget, key))
        # One who goes away does not end it for the others.
        content, source = await asyncio.shield(task)
        self._counters.add("company_data", reason=source)
        return content, source

    def _forget(self, key: str, task: asyncio.Task[Found]) -> None:
        del self._asking[key]
        if not task.cancelled():
            task.exception()  # seen, also where all who asked have gone

    async def _find(self, key: str, ttl_s: int, ask: Callable[[], Awaitable[bytes]]) -> Found:
        """Return what the cache holds, else what the vendor says; who asks meanwhile waits for the same."""
        if (cached := await self._read(key)) is not None:
            return cached, CACHE
        if (failure := self._failures.get(key)) is not None and time.monotonic() < failure[0]:
            raise failure[1]
        try:
            found = await ask()
        except StreamsError as error:
            quiet_s = NOT_ENTITLED_S if isinstance(error, NotEntitledError) else FAILED_S
            self._failures[key] = (time.monotonic() + quiet_s, error)
            while len(self._failures) > MAX_FAILURES:
                self._failures.popitem(last=False)
            raise
        is_nothing = found in {_NONE, b"{}", b"[]"}
        await self._write(key, found, min(ttl_s, NOTHING_S) if is_nothing else ttl_s)
        return found, API

    async def _ask(self, topic: Topic, symbol: str) -> bytes:
        encoded = quote(symbol, safe="")
        query = {name: value.replace("{}", symbol) for name, value in topic.query.items()}
        answer = await self._vendor.get(topic.path.replace("{}", encoded), query)
        if answer.status == HTTPStatus.NOT_FOUND:
            return b"{}"
        try:
            return msgspec.json.encode(topic.read(answer.content))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise UnavailableError("the vendor's answer cannot be read: try again later") from None

    async def _ask_logo(self, symbol: str) -> bytes:
        found, _ = await self.get(OVERVIEW, symbol)
        if found and "logo_url" not in found:
            # Kept by one who did not keep that.
            found = msgspec.json.decode(await self._ask(OVERVIEW, symbol))
        url = found.get("logo_url") if isinstance(found, dict) else None
        if not url:
            return _NONE
        try:
            answer = await self._vendor.get(url, most_bytes=MAX_LOGO_BYTES)
        except TooLongError:
            return _NONE
        is_image = answer.status == HTTPStatus.OK and company.image_type(answer.content) is not None
        return answer.content if is_image else _NONE

    async def _read(self, key: str) -> bytes | None:
        try:
            return cast("bytes | None", await self._redis.get(key))
        except redis_link.FAILURES as error:
            self._redis_failed(error)
            return None

    async def _write(self, key: str, value: bytes, ttl_s: int) -> None:
        try:
            await self._redis.set(key, value, ex=ttl_s)
        except redis_link.FAILURES as error:
            self._redis_failed(error)

    def _redis_failed(self, error: BaseException) -> None:
        self._counters.add("dropped", reason="company_cache")
        self._reporter.warn("company data is not cached", str(error) or type(error).__name__)
