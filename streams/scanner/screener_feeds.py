"""Publishes the user-defined boards, and empties those in Redis that nobody makes any more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, cast

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
        """Look in Redis for boards of former definitions each time that merging begins, for ever."""
        backoff = Backoff()
        while True:
            await asyncio.sleep(POLL_S)
            if self._has_looked or not self._newest():
                continue
            # A rebalance while it looks has it look again.
            self._has_looked = True
            try:
                self._boards.expect(await self._shown())
                backoff.reset()
            except redis_link.FAILURES as error:
                self._has_looked = False
                self._reporter.warn("cannot look for former screeners, trying again", repr(error))
                await asyncio.sleep(backoff.next_s())

    async def _shown(self) -> list[str]:
        """Return the screeners of which Redis has rows."""
        client = redis_link.make_client(self._settings.wdc_redis_url, self._settings.redis_timeout_s, 1)
        prefix = feeds.SCREENER.key("")
        try:
            scanned = client.scan_iter(match=f"{prefix}*", count=KEYS_A_COMMAND)
            found = [key.decode(errors="replace") async for key in scanned]
            keys = [key for key in found if feeds.feed_of_key(key) is feeds.SCREENER]
            values = cast("list[bytes | None]", await client.mget(keys)) if keys else []
        finally:
            await client.aclose()
        return [
            key.removeprefix(prefix)
            for key, value in zip(keys, values, strict=True)
            if value not in (None, EMPTY)
        ]
