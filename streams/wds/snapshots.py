"""The current value of a feed, as Redis holds it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from streams import feeds, redis_link
from streams.feeds import Database, Feed, Kind
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.wds.interests import family_pattern
from streams.wds.protocol import NULL

CONNECTIONS: Final = 16
"""Most snapshots that one Redis is asked for at a time; further ones wait their turn."""
KEYS_A_COMMAND: Final = 500

logger: Final = logging.getLogger(__name__)

_valid: Final = msgspec.json.Decoder(msgspec.Raw)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value to be read: a feed's key, whether it is a list, and most entries of it (0 for all)."""

    key: str
    is_list: bool
    limit: int


class Snapshots:
    """Reads catalogue feeds from both databases, and nothing else.

    Args:
        settings: Addresses and timeout.
        counters: Counts ``snapshots`` and ``dropped`` values by reason.
    """

    def __init__(self, settings: Settings, counters: Counters) -> None:
        timeout_s = settings.redis_timeout_s
        self._clients = {
            Database.MARKET: redis_link.make_client(settings.mdc_redis_url, timeout_s, CONNECTIONS),
            Database.WIDGET: redis_link.make_client(settings.wdc_redis_url, timeout_s, CONNECTIONS),
        }
        self._counters = counters
        self._reporter = Reporter(logger)

    async def close(self) -> None:
        """Drop the connections."""
        for client in self._clients.values():
            await client.aclose()

    async def get(self, key: str, limit: int) -> bytes | None:
        """Return a feed's value as JSON.

        Args:
            key: The feed's key; wildcard characters in it are meant literally.
            limit: Most entries of a list, newest first; 0 or less means all.

        Returns:
            The value, an array for a list; ``null`` where there is none or the catalogue does not have the
            key; None where Redis does not answer.
        """
        feed = feeds.feed_of_key(key)
        if feed is None:
            return NULL
        client = self._clients[feed.database]
        try:
            if feed.kind is Kind.LIST:
                last = limit - 1 if limit > 0 else -1
                values = cast("list[bytes]", await client.lrange(key, 0, last))
                data = b"[" + b",".join(values) + b"]" if values else NULL
            else:
                data = cast("bytes | None", await client.get(key)) or NULL
        except redis_link.FAILURES as error:
            self._counters.add("dropped", reason="snapshot_failed")
            self._reporter.warn("snapshots fail", str(error) or type(error).__name__)
            return None
        self._counters.add("snapshots")
        return self._checked(key, data)

    async def latest(self, database: Database, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of latest-value feeds of one database, those that there are.

        Raises:
            RedisError: Redis is away or unwilling.
            OSError: Redis is away.
        """
        if not keys:
            return {}
        values = cast("list[bytes | None]", await self._clients[database].mget(keys))
        return {key: value for key, value in zip(keys, values, strict=True) if value}

    async def marked(
        self, database: Database, wanted: Sequence[Wanted], channel: str, mark: str
    ) -> list[bytes | list[bytes] | None]:
        """Read values and publish a mark, all at one moment.

        Args:
            database: Whose values.
            wanted: Which.
            channel: Where the mark is published.
            mark: The mark.

        Returns:
            The values in their order, None for those that there are none of.

        Raises:
            RedisError: Redis is away or unwilling.
            OSError: Redis is away.
        """
        async with self._clients[database].pipeline(transaction=True) as pipeline:
            for each in wanted:
                if each.is_list:
                    pipeline.lrange(each.key, 0, each.limit - 1 if each.limit else -1)
                else:
                    pipeline.get(each.key)
            pipeline.publish(channel, mark)
            *found, told = await pipeline.execute(raise_on_error=False)
        if isinstance(told, Exception):
            raise told
        return [None if isinstance(value, Exception) else value for value in found]

    async def keys(self, feed: Feed) -> AsyncIterator[str]:
        """Yield the keys of a feed that have a value: its own, or those of its family.

        Raises:
            RedisError: Redis is away or unwilling.
            OSError: Redis is away.
        """
        pattern, client = family_pattern(feed), self._clients[feed.database]
        if pattern is None:
            if await client.exists(feed.pattern):
                yield feed.pattern
            return
        async for key in client.scan_iter(match=pattern, count=KEYS_A_COMMAND):
            name = key.decode(errors="replace")
            if feeds.feed_of_key(name) is feed:
                yield name

    async def all_latest(self, feed: Feed) -> AsyncIterator[dict[str, bytes]]:
        """Yield the values of a latest-value feed, or of all of a family, by key, some at a time.

        Raises:
            RedisError: Redis is away or unwilling.
            OSError: Redis is away.
        """
        pattern = family_pattern(feed)
        if pattern is None:
            yield await self.latest(feed.database, [feed.pattern])
            return
        keys: set[str] = set()
        async for key in self._clients[feed.database].scan_iter(match=pattern, count=KEYS_A_COMMAND):
            keys.add(key.decode(errors="replace"))
            if len(keys) >= KEYS_A_COMMAND:
                yield await self.latest(feed.database, list(keys))
                keys.clear()
        yield await self.latest(feed.database, list(keys))

    async def entries(self, database: Database, most: Mapping[str, int]) -> dict[str, list[bytes]]:
        """Return the newest entries of lists, newest first.

        Args:
            database: Whose lists.
            most: The lists, each with how many of its entries.

        Raises:
            RedisError: Redis is away or unwilling.
            OSError: Redis is away.
        """
        found: dict[str, list[bytes]] = {}
        wanted = list(most.items())
        for start in range(0, len(wanted), KEYS_A_COMMAND):
            chunk = wanted[start : start + KEYS_A_COMMAND]
            async with self._clients[database].pipeline(transaction=False) as pipeline:
                for key, count in chunk:
                    pipeline.lrange(key, 0, count - 1)
                read = await pipeline.execute(raise_on_error=False)
            for (key, _), value in zip(chunk, read, strict=True):
                found[key] = value if isinstance(value, list) else []
        return found

    async def written_ages_s(self, wanted: Sequence[Feed]) -> dict[Feed, float]:
        """Return how many seconds ago each feed was written that has a value; no families of feeds.

        Raises:
            RedisError: Redis is away or unwilling.
            OSError: Redis is away.
        """
        ages: dict[Feed, float] = {}
        for feed in wanted:
            left_ms = await self._clients[feed.database].pttl(feed.key())
            if left_ms >= 0:
                ages[feed] = max(0.0, feed.ttl - left_ms / 1_000)
        return ages

    def _checked(self, key: str, data: bytes) -> bytes:
        # A value goes into the reply as it is: one that is no JSON in UTF-8 would spoil the whole message.
        try:
            data.decode()
            _valid.decode(data)
        except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
            self._counters.add("dropped", reason="value_not_json")
            self._reporter.warn("a value in Redis is no JSON", key)
            return NULL
        return data
