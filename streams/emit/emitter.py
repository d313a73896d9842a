"""The emitter of a worker process: one interface to both Redis databases."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Self

from streams.emit.commands import Entry
from streams.emit.tails import Tail, TailSource
from streams.emit.writer import DatabaseWriter, Source
from streams.feeds import Database, Feed, Kind
from streams.passage import Passage
from streams.settings import Settings
from streams.telemetry import Counters
from streams.tracing import NO_TRACER, Tracer

CLOSE_TIMEOUT_S: Final = 2.0
"""Longest that closing waits for the last values to be written."""

logger: Final = logging.getLogger(__name__)


class Emitter:
    """Writes feeds to Redis and publishes them, each key at most once in ``publish_interval_s``.

    Nothing here waits for Redis: values wait, bounded, and the newest are written when Redis is back.
    Not for threads: one event loop owns an instance. An async context manager.

    Args:
        settings: Addresses, interval, timeout and bounds.
        counters: Counts ``published``, ``conflated``, ``redis_failures`` and ``dropped`` by reason.
        passage: What the worker has applied. While it is behind, less of its time goes to Redis.
        tracer: Traces writes of batches that are traced.
    """

    def __init__(
        self,
        settings: Settings,
        counters: Counters,
        passage: Passage | None = None,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        passage = passage or Passage()
        urls = {Database.MARKET: settings.mdc_redis_url, Database.WIDGET: settings.wdc_redis_url}
        self._writers = {
            database: DatabaseWriter(database, url, settings, counters, logger, passage, tracer)
            for database, url in urls.items()
        }
        writers = self._writers.items()
        counters.watch("redis_up", lambda: {(str(name),): float(each.connected) for name, each in writers})
        counters.watch(
            "emitter_waiting", lambda: {(str(name),): float(each.waiting) for name, each in writers}
        )
        self._tasks: list[asyncio.Task[None]] = []

    def put(self, feed: Feed, value: bytes, symbol: str | None = None) -> None:
        """Set and publish the newest value of a latest-value feed; values in between are conflated away.

        Raises:
            ValueError: The feed is a list, or a symbol is missing or too many.
        """
        self._writers[feed.database].put(feed, symbol, value)

    def push(self, feed: Feed, value: bytes, symbol: str | None = None) -> None:
        """Put an entry at the head of a list feed, and publish it. Entries keep their order.

        When Redis goes away in the middle of a write, an entry may be there twice afterwards.

        Raises:
            ValueError: The feed is no list, or a symbol is missing or too many.
        """
        self._writers[feed.database].push(feed, symbol, value)

    def replace(
        self, feed: Feed, values: Sequence[bytes], symbol: str | None = None, *, backlog: bool = False
    ) -> None:
        """Make a list hold exactly ``values``, all at once, and publish what of it is new, oldest first.

        The emitter keeps the list: it is there again after Redis came back empty, until it would have
        expired. What changes near its top costs little, however long it is. When Redis goes away in the
        middle of a write, an entry may be published twice.

        Args:
            feed: A list feed; nothing else may be pushed to it.
            values: The entries, newest first; those beyond the feed's bound do not count.
            symbol: Whose list it is, where the feed is one of a family.
            backlog: Whether the values are old ones, as after a recovery: then only what a list in Redis
                lacks is published, and nothing where there is none.

        Raises:
            ValueError: The feed is no list, or a symbol is missing or too many.
        """
        self._writers[feed.database].replace(feed, symbol, values, backlog=backlog)

    def forget(self, feed: Feed, symbol: str | None = None) -> None:
        """Leave a list that was replaced, or a latest value, to others, as it is in Redis."""
        self._writers[feed.database].forget(feed, symbol)

    def source(self, feed: Feed, collect: Callable[[], Iterable[Entry]], resync: Callable[[], None]) -> None:
        """Ask a producer for its changes at each flush, so that it encodes no value that would be replaced.

        Args:
            feed: A latest-value feed.
            collect: Returns (symbol, value) of what has changed since the last call; the symbol is None for
                a feed that is no family. Not called while Redis is away.
            resync: Makes the next ``collect`` return everything: Redis may have come back empty, or may not
                have taken the last changes.

        Raises:
            ValueError: The feed is a list.
        """
        if feed.kind is not Kind.LATEST:
            raise ValueError(f"feed {feed.pattern!r} is a list: push its entries")
        self._writers[feed.database].add_source(Source(feed, collect, resync))

    def tails(
        self,
        feed: Feed,
        collect: Callable[[], Iterable[Tail]],
        resync: Callable[[], None],
        refused: Callable[[str], None],
    ) -> None:
        """Ask a producer at each flush for what follows the unchanged part of its lists.

        Args:
            feed: A list feed, one of a family.
            collect: Returns what has changed since the last call. Not called while Redis is away.
            resync: Makes the next calls return every list whole, as for `source`.
            refused: Makes the next call return one symbol's list whole: Redis has lost it.

        Raises:
            ValueError: The feed is no list, or no family.
        """
        if feed.kind is not Kind.LIST or "{}" not in feed.pattern:
            raise ValueError(f"feed {feed.pattern!r} is no family of lists")
        self._writers[feed.database].add_tails(TailSource(feed, collect, resync, refused))

    @property
    def connected(self) -> dict[str, bool]:
        """Which databases take what is written, by their names ``mdc`` and ``wdc``."""
        return {str(database): writer.connected for database, writer in self._writers.items()}

    async def start(self) -> None:
        """Start writing. Returns at once, whether Redis is there or not."""
        self._tasks = [
            asyncio.create_task(writer.run(), name=f"emit-{database}")
            for database, writer in self._writers.items()
        ]
        for task in self._tasks:
            task.add_done_callback(_report_end)

    async def close(self) -> None:
        """Write what waits, if that takes no longer than CLOSE_TIMEOUT_S, and stop.

        Raises:
            Exception: Whatever a source raised, if that ended the writing.
        """
        for writer in self._writers.values():
            writer.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=CLOSE_TIMEOUT_S)
            for task in late:
                logger.warning("%s: Redis did not take the last values in time", task.get_name())
                task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for result in ended:
            if isinstance(result, Exception):
                raise result

    async def __aenter__(self) -> Self:
        """Start writing."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what waits and stop."""
        await self.close()


def _report_end(task: asyncio.Task[None]) -> None:
    # A source that fails must not end the writing unseen until close().
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s: a source failed, nothing is written any more", task.get_name(), exc_info=error)
