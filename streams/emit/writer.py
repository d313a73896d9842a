"""The writer of one Redis database: a task that flushes what waits, and outlives Redis going away."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from streams import redis_link
from streams.backoff import Backoff
from streams.emit.commands import (
    TIME_CALL,
    Call,
    Entry,
    amend_call,
    list_key,
    presence_call,
    publish_call,
    push_calls,
    range_call,
    set_calls,
)
from streams.emit.link import Link
from streams.emit.lists import KeptList, KeptLists, amendment
from streams.emit.marks import Marker
from streams.emit.pending import LatestValues, ListEntries
from streams.emit.tails import TailSource, tail_calls
from streams.feeds import Database, Feed, Kind, marks_channel
from streams.passage import Passage
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.tracing import Tracer

DUTY: Final = 4
"""A flush starts no earlier than this many times the CPU time of the one before, after that one started …"""
BEHIND_DUTY: Final = 39
"""… or this many times, while the worker is behind: then its core belongs to the events that wait."""
HEARTBEAT_S: Final = 1.0
"""How often Redis is asked whether it still holds what it was given."""
MAX_TRIES: Final = 3
"""How often a list is written at once that someone else changes at the same time."""


@dataclass(frozen=True, slots=True)
class Source:
    """A producer that is asked for its changes at each flush.

    Attributes:
        feed: The latest-value feed of its values.
        collect: Returns the entries that have changed since the last call.
        resync: Makes the next ``collect`` return every entry.
    """

    feed: Feed
    collect: Callable[[], Iterable[Entry]]
    resync: Callable[[], None]


class DatabaseWriter:
    """Writes the feeds of one Redis database.

    Args:
        database: Its name.
        url: Its address.
        settings: Interval, timeout and bounds.
        counters: Counts ``published``, ``conflated``, ``redis_failures`` and ``dropped`` by reason.
        logger: Where incidents are reported.
        passage: What the worker has applied, and whether it is behind.
        tracer: Traces writes of batches that are traced.
    """

    def __init__(
        self,
        database: Database,
        url: SecretStr,
        settings: Settings,
        counters: Counters,
        logger: logging.Logger,
        passage: Passage,
        tracer: Tracer,
    ) -> None:
        self._database = database
        self._passage = passage
        self._marker = Marker(passage.follow(), tracer, counters, passage.name)
        self._link = Link(url, settings.redis_timeout_s)
        self._address = redis_link.address(url)
        self._interval_s = settings.publish_interval_s
        self._max_keys = settings.emit_max_keys
        self._counters = counters
        self._logger = logger
        self._reporter = Reporter(logger)
        self._latest: dict[Feed, LatestValues] = {}
        self._entries = ListEntries(settings.emit_max_entries)
        self._lists: dict[Feed, KeptLists] = {}
        self._presence = presence_call(f"emitter:{uuid.uuid4().hex}")
        self._sources: list[Source] = []
        self._tails: list[TailSource] = []
        self._stopping = asyncio.Event()
        self._cpu_s = 0.0
        self._asked_at = 0.0
        self._written: dict[tuple[str, ...], float] = {}
        counters.watch("feed_written", lambda: self._written)
        self._clock_offset_s: float | None = None
        counters.watch("clock_offset", self._clock_offset)

    @property
    def waiting(self) -> int:
        """How many values wait to be written, beside those that sources hold."""
        waiting = sum(map(len, self._latest.values())) + sum(map(len, self._lists.values()))
        return waiting + len(self._entries)

    @property
    def connected(self) -> bool:
        """Whether Redis takes what is written."""
        return self._link.connected

    def add_source(self, source: Source) -> None:
        """Ask ``source`` for its changes from the next flush on."""
        self._sources.append(source)

    def add_tails(self, source: TailSource) -> None:
        """Ask ``source`` for its changes from the next flush on."""
        self._tails.append(source)

    def put(self, feed: Feed, symbol: str | None, value: bytes) -> None:
        """Let the newest value of a key wait for the next flush.

        Raises:
            ValueError: The feed is a list, or a symbol is missing or too many.
        """
        if feed.kind is not Kind.LATEST or (symbol is None) == ("{}" in feed.pattern):
            raise ValueError(f"value put to feed {feed.pattern!r} with symbol {symbol!r}")
        values = self._latest.get(feed)
        if values is None:
            values = self._latest[feed] = LatestValues(feed, self._max_keys)
        if not values.put(symbol, value):
            self._drop("emit_keys_full", 1)

    def push(self, feed: Feed, symbol: str | None, value: bytes) -> None:
        """Let an entry of a list feed wait for the next flush.

        Raises:
            ValueError: The feed is no list, or a symbol is missing or too many.
        """
        if feed.kind is not Kind.LIST or (symbol is None) == ("{}" in feed.pattern):
            raise ValueError(f"entry pushed to feed {feed.pattern!r} with symbol {symbol!r}")
        if not self._entries.push(feed, symbol, value):
            self._drop("emit_entries_full", 1)

    def replace(self, feed: Feed, symbol: str | None, values: Sequence[bytes], *, backlog: bool) -> None:
        """Let a list wait to be written as a whole.

        Raises:
            ValueError: The feed is no list, or a symbol is missing or too many.
        """
        if feed.kind is not Kind.LIST or (symbol is None) == ("{}" in feed.pattern):
            raise ValueError(f"values put to feed {feed.pattern!r} with symbol {symbol!r}")
        lists = self._lists.get(feed)
        if lists is None:
            lists = self._lists[feed] = KeptLists(feed, self._max_keys)
        unsent = lists.replace(symbol, values, backlog=backlog)
        if unsent is None:
            self._drop("emit_keys_full", len(values))
        else:
            self._counters.add("conflated", unsent)

    def forget(self, feed: Feed, symbol: str | None) -> None:
        """Leave a list that was replaced, or a latest value, to others."""
        if feed in self._lists:
            self._lists[feed].forget(symbol)
        if feed in self._latest:
            self._latest[feed].forget(symbol)

    async def run(self) -> None:
        """Write until ``stop``, connecting anew as often as it takes; at the end write what waits.

        Raises:
            Exception: Whatever a source raised; nothing is written from then on.
        """
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                await self._link.open()
                await self._link.ask(self._presence)
                self._resync()
                await self._flush_until_stopped(backoff)
            except redis_link.FAILURES as error:
                self._counters.add("redis_failures")
                self._reporter.warn(f"Redis {self._address} is away", str(error) or type(error).__name__)
            finally:
                await self._link.close()
            await self._pause(backoff.next_s())
        self._drop("emit_closed", self.waiting)

    def stop(self) -> None:
        """Let ``run`` end."""
        self._stopping.set()

    async def _flush_until_stopped(self, backoff: Backoff) -> None:
        self._logger.info("writes to Redis %s", self._address)
        while not self._stopping.is_set():
            started = time.monotonic()
            self._cpu_s = 0.0
            await self._bring_on()
            if started - self._asked_at >= HEARTBEAT_S:
                await self._make_sure()
            backoff.reset()
            await self._rest(started)
        await self._bring_on()

    async def _bring_on(self) -> None:
        """Write what waits, and tell whoever reads it which batches it holds."""
        started = time.monotonic()
        published = self._counters.get("published")
        with self._marker.writing(self._database) as marks:
            await self._flush()
            for mark in marks():
                await self._link.ask(publish_call(marks_channel(self._database), mark))
        if self._counters.get("published") != published:
            self._counters.observe("redis_write", time.monotonic() - started, reason=self._database)

    async def _rest(self, started: float) -> None:
        """Wait until the flush after the one that began at ``started`` is due; that changes with the duty."""
        while not self._stopping.is_set():
            duty = BEHIND_DUTY if self._passage.is_behind else DUTY
            left_s = started + max(self._interval_s, duty * self._cpu_s) - time.monotonic()
            if left_s <= 0:
                return
            await self._pause(min(left_s, self._interval_s))

    async def _make_sure(self) -> None:
        if not await self._link.ask(self._presence):
            self._reporter.warn(f"Redis {self._address} was emptied, everything is written again")
            self._resync()
        before = time.time()
        seconds, microseconds = await self._link.ask(TIME_CALL)
        self._asked_at = time.monotonic()
        # Redis looked at its clock somewhere between question and answer.
        self._clock_offset_s = int(seconds) + int(microseconds) / 1e6 - (before + time.time()) / 2

    def _clock_offset(self) -> dict[tuple[str, ...], float]:
        return {} if self._clock_offset_s is None else {(str(self._database),): self._clock_offset_s}

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stopping.wait()

    def _resync(self) -> None:
        # Redis may have come back empty: everything has to be written again.
        for values in self._latest.values():
            values.resync()
        for lists in self._lists.values():
            lists.resync()
        for source in self._sources:
            source.resync()
        for tails in self._tails:
            tails.resync()

    async def _flush(self) -> None:
        for feed, values in self._latest.items():
            if values:
                await self._flush_latest(feed, values)
        for source in self._sources:
            await self._send(source.feed, self._pack_latest(source.feed, source.collect))
        for tails in self._tails:
            await self._flush_tails(tails)
        if self._entries:
            await self._flush_entries()
        for feed, lists in self._lists.items():
            for symbol, kept in lists.waiting():
                await self._flush_list(feed, lists, symbol, kept)

    async def _flush_list(self, feed: Feed, lists: KeptLists, symbol: str | None, kept: KeptList) -> None:
        try:
            key = list_key(feed, symbol)
        except UnicodeEncodeError:
            lists.forget(symbol)
            self._drop_bad(feed, [(symbol, b"")])
            return
        if kept.given is None and kept.known is None:
            kept.known = await self._link.ask(range_call(key))
        for _ in range(MAX_TRIES):
            started = time.thread_time()
            wanted, news = kept.wanted, kept.news()
            sizes = (len(kept.known or ()), len(wanted))
            call = amend_call(key, feed.ttl, amendment(kept.known, wanted), sizes, news)
            self._cpu_s += time.thread_time() - started
            if await self._link.ask(call):
                lists.done(symbol, kept, wanted)
                self._count(feed, len(news))
                return
            # Expired, emptied, or another worker's by now: written anew, whatever it is.
            kept.known = None

    async def _flush_tails(self, source: TailSource) -> None:
        started = time.thread_time()
        bad: list[Entry] = []
        calls = list(tail_calls(source.feed, source.collect(), bad))
        self._drop_bad(source.feed, bad)
        self._cpu_s += time.thread_time() - started
        for call in calls:
            for key in await self._link.ask(call.packed):
                source.refused(call.symbols[key])
            self._count(source.feed, call.news)

    async def _flush_latest(self, feed: Feed, values: LatestValues) -> None:
        taken = values.take()
        self._counters.add("conflated", values.take_replaced())
        try:
            await self._send(feed, self._pack_latest(feed, taken.items))
        except redis_link.FAILURES:
            values.put_back(taken.items())
            raise
        values.written(taken.items())

    async def _flush_entries(self) -> None:
        taken = self._entries.take()
        try:
            for feed, entries in taken.items():
                bad: list[Entry] = []
                calls = list(push_calls(feed, entries, bad))
                self._drop_bad(feed, bad)
                # One at a time: what Redis has done must not be pushed again after a failure.
                for call in calls:
                    await self._send(feed, [call])
                    del entries[: call.values]
                entries.clear()
        except redis_link.FAILURES:
            self._drop("emit_entries_full", self._entries.put_back(taken))
            raise

    def _pack_latest(self, feed: Feed, collect: Callable[[], Iterable[Entry]]) -> list[Call]:
        # In one go, so that the producer's rows cannot change under the iteration.
        started = time.thread_time()
        bad: list[Entry] = []
        calls = list(set_calls(feed, collect(), bad))
        self._drop_bad(feed, bad)
        self._cpu_s += time.thread_time() - started
        return calls

    async def _send(self, feed: Feed, calls: list[Call]) -> None:
        if not calls:
            return
        await self._link.send(calls)
        self._count(feed, sum(call.values for call in calls))

    def _count(self, feed: Feed, published: int) -> None:
        self._counters.add("published", published)
        self._written[feed.pattern,] = time.time()

    def _drop_bad(self, feed: Feed, bad: list[Entry]) -> None:
        if bad:
            self._drop("emit_bad_key", len(bad))
            incident = f"symbols of feed {feed.pattern} have no UTF-8 form"
            self._reporter.warn(incident, repr(bad[0][0]), len(bad))

    def _drop(self, reason: str, count: int) -> None:
        if count:
            self._counters.add("dropped", count, reason)
            self._reporter.warn(f"values for Redis dropped: {reason}", count=count)
