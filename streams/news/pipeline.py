"""The news' flow in one worker: articles in; the list of all, lists by ticker and the newest times out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Final

import msgspec
from faust.types import EventT

from streams import feeds
from streams.emit import Emitter
from streams.feeds import Feed
from streams.news import relay
from streams.news.archive import Archive, FiledArticle
from streams.news.market_day import calendar_at
from streams.news.relay import Relay
from streams.sessions import MarketCalendar
from streams.state.partition import Partition
from streams.state.table import Batch, WriteBehindTable
from streams.telemetry import Reporter
from streams.topics import NEWS_FILED
from streams.worker import WorkerApp

logger = logging.getLogger(__name__)

RECENT_INTERVAL_S: Final = 1.0
"""Shortest time between two values of the newest times."""
CALENDAR_INTERVAL_S: Final = 1.0
"""How often is looked whether the session has changed."""
CALENDAR_RENEWAL_S: Final = 3_600.0
"""How often the calendar is published unchanged, so that it does not expire."""
EMPTIED_S: Final = 60.0
"""After this time a list that was emptied is no longer the emitter's business."""


class Pipeline:
    """One worker's share of the news: some partitions of md.news, and the archive if it is this worker's.

    Args:
        app: The Faust app that feeds it.
    """

    def __init__(self, app: WorkerApp) -> None:
        self._app = app
        self._settings = app.settings
        self._stopped = app.wait_for_stop
        self._counters = app.counters
        self._reporter = Reporter(logger)
        self._relay = Relay(app.settings, app.counters, app.traces)
        self.articles = WriteBehindTable(
            app,
            "articles",
            FiledArticle,
            partitions=app.settings.partitions(NEWS_FILED),
            settings=app.settings,
            counters=app.counters,
            tracer=app.traces,
            on_recovered=self._on_recovered,
            on_revoked=self._on_revoked,
        )
        self._archive: Archive | None = None
        self._listed: set[str | None] = set()
        self._emptied: dict[str | None, float] = {}
        self._recent_at = 0.0
        self._recent_is_due = False
        self._calendar = MarketCalendar()
        self._emitter = Emitter(app.settings, app.counters, app.passage, app.traces)
        app.redis = lambda: self._emitter.connected

    async def read(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.news."""
        await self._relay.read(events)

    async def file(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read the articles of all partitions."""
        async for event in events:
            batch = await self.articles.accept(event)
            if batch is not None:
                self._file(batch)

    def background(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what runs beside the agents, each for as long as the worker."""
        return [self._relay.run, self.articles.run, self._publish, self._publish_calendar, self._emit]

    async def _emit(self) -> None:
        async with self._emitter:
            await self._stopped()

    async def _publish(self) -> None:
        """Hand the lists that changed to the emitter, for ever."""
        while True:
            archive = self._archive
            if archive is not None:
                self._list(archive, archive.take_changed(), backlog=False)
                self._put_recent(archive)
                self._forget_emptied()
            await asyncio.sleep(self._settings.publish_interval_s)

    async def _publish_calendar(self) -> None:
        """Publish the market's calendar when it changes, for ever, if the archive is this worker's."""
        published, renewed = b"", 0.0
        while True:
            calendar = msgspec.json.encode(calendar_at(time.time_ns() // 1_000_000, self._calendar))
            now = time.monotonic()
            if self._archive is None:
                published = b""
            elif calendar != published or now - renewed >= CALENDAR_RENEWAL_S:
                self._emitter.put(feeds.MARKET_CALENDAR, calendar)
                published, renewed = calendar, now
            await asyncio.sleep(CALENDAR_INTERVAL_S)

    def _file(self, batch: Batch[FiledArticle]) -> None:
        assert self._archive is not None  # noqa: S101  batches come of recovered partitions only
        try:
            filing = relay.decode(batch.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._counters.add("filings_rejected")
            self._reporter.warn("a record of the second stage cannot be read", str(error))
            return
        with self._app.applying(NEWS_FILED, filing.origin.received_ms, batch.traceparent):
            is_new = self._archive.file(filing.article, filing.origin, batch.offset)
        self._counters.add("articles_filed", reason="changed" if is_new else "unchanged")
        self._recent_is_due = self._recent_is_due or is_new

    def _on_recovered(self, partition: Partition[FiledArticle]) -> None:
        archive = self._archive = Archive(partition.rows)
        archive.take_changed()
        # What has no news for longer than its list lives is not brought back.
        tickers = archive.tickers(feeds.NEWS_TICKER.ttl * 1000)
        self._list(archive, {None, *tickers}, backlog=True)
        self._recent_is_due = True

    def _on_revoked(self, _number: int) -> None:
        for ticker in self._listed:
            self._emitter.forget(_feed(ticker), ticker)
        self._archive = None
        self._listed.clear()
        self._emptied.clear()

    def _list(self, archive: Archive, changed: set[str | None], *, backlog: bool) -> None:
        for ticker in changed:
            feed = _feed(ticker)
            newest = archive.newest(ticker, feed.bound)
            if newest or ticker in self._listed:
                self._emitter.replace(feed, newest, ticker, backlog=backlog)
                self._listed.add(ticker)
            if newest:
                self._emptied.pop(ticker, None)
            else:
                self._emptied[ticker] = time.monotonic()

    def _forget_emptied(self) -> None:
        oldest = time.monotonic() - EMPTIED_S
        for ticker in [ticker for ticker, since in self._emptied.items() if since < oldest]:
            del self._emptied[ticker]
            self._listed.discard(ticker)
            self._emitter.forget(_feed(ticker), ticker)

    def _put_recent(self, archive: Archive) -> None:
        now = time.monotonic()
        if self._recent_is_due and now - self._recent_at >= RECENT_INTERVAL_S:
            self._recent_at, self._recent_is_due = now, False
            self._emitter.put(feeds.NEWS_RECENT, msgspec.json.encode(archive.newest_times()))


def _feed(ticker: str | None) -> Feed:
    return feeds.NEWS_LATEST if ticker is None else feeds.NEWS_TICKER
