"""Publishes the user-defined boards; those that nobody makes any more are emptied, and then taken away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

from redis.asyncio import Redis

from streams import feeds, redis_link
from streams.backoff import Backoff
from streams.emit import Emitter
from streams.scanner.partial import Partial
from streams.scanner.screener_boards import EMPTY, ScreenerBoards
from streams.settings import Settings
from streams.telemetry import Counters, Reporter

logger = logging.getLogger(__name__)

POLL_S: Final = 1.0
KEYS_A_COMMAND: Final = 5_000
GONE_AFTER_S: Final = 5.0
"""So long a board that nobody makes any more stands there empty: clients that ask for it see it so."""
DELETE_SCRIPT: Final = """
local gone = {}
for i, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  if value == ARGV[1] then redis.call('DEL', key) end
  gone[i] = (not value or value == ARGV[1]) and 1 or 0
end
return gone"""
"""Another worker may merge by now, and somebody have defined the screener again."""


class ScreenerFeeds:
    """The boards of one worker: it publishes them while it merges.

    Args:
        settings: Where Redis is.
        counters: Counts ``screener_boards_published``.
        emitter: Where the boards go.
        newest: Returns the newest partial of each partition; none while this worker does not merge.
    """

    def __init__(
        self,
        settings: Settings,
        counters: Counters,
        emitter: Emitter,
        newest: Callable[[], list[Partial]],
    ) -> None:
        self._settings = settings
        self._counters = counters
        self._emitter = emitter
        self._newest = newest
        self._boards = ScreenerBoards()
        self._reporter = Reporter(logger)
        self._has_looked = False
        self._gone: dict[str, float] = {}

    def publish(self) -> None:
        """Publish the boards that changed."""
        for name, board in self._boards.changes(self._newest(), time.monotonic()).items():
            self._emitter.put(feeds.SCREENER, board, name)
            self._counters.add("screener_boards_published")
        if disputed := self._boards.disputed:
            self._reporter.warn(
                "screeners are emptied that not all workers define alike: give all the same SCREENERS_FILE",
                ", ".join(disputed),
            )

    def forget(self) -> None:
        """Publish all of them again, as after a rebalance: another worker may have merged."""
        self._boards.forget()
        self._has_looked = False

    async def run(self) -> None:
        """Look in Redis for boards of former definitions each time that merging begins, for ever.

        Those that were emptied are taken away a while later.
        """
        backoff = Backoff()
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self._look()
                await self._take_away()
                backoff.reset()
            except redis_link.FAILURES as error:
                self._reporter.warn("cannot look for former screeners, trying again", repr(error))
                await asyncio.sleep(backoff.next_s())

    async def _look(self) -> None:
        if self._has_looked or not self._newest():
            return
        # A rebalance while it looks has it look again.
        self._has_looked = True
        try:
            self._boards.expect(await self._shown())
        except redis_link.FAILURES:
            self._has_looked = False
            raise

    async def _take_away(self) -> None:
        now = time.monotonic()
        removed = self._boards.removed
        self._gone = {name: self._gone.get(name, now) for name in removed}
        due = [name for name, since in self._gone.items() if now - since >= GONE_AFTER_S]
        if not due:
            return
        keys = [feeds.SCREENER.key(name) for name in due]
        async with self._redis() as client:
            asked = client.eval(DELETE_SCRIPT, len(keys), *keys, EMPTY)
            # What still has rows is not emptied yet, for Redis was away: next time.
            emptied = await cast("Awaitable[list[int]]", asked)
        for name, is_gone in zip(due, emptied, strict=True):
            if is_gone:
                self._emitter.forget(feeds.SCREENER, name)
                removed.discard(name)

    async def _shown(self) -> list[str]:
        """Return the screeners of which Redis has a board."""
        prefix = feeds.SCREENER.key("")
        async with self._redis() as client:
            scanned = client.scan_iter(match=f"{prefix}*", count=KEYS_A_COMMAND)
            found = [key.decode(errors="replace") async for key in scanned]
        return [key.removeprefix(prefix) for key in found if feeds.feed_of_key(key) is feeds.SCREENER]

    @asynccontextmanager
    async def _redis(self) -> AsyncIterator[Redis]:
        client = redis_link.make_client(self._settings.wdc_redis_url, self._settings.redis_timeout_s, 1)
        try:
            yield client
        finally:
            await client.aclose()
