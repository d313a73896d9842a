"""What brings published values to the clients: the hub and the readers of both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import chain
from typing import Protocol

from streams import redis_link
from streams.feeds import Database, Feed, Kind
from streams.settings import Settings
from streams.telemetry import Counters
from streams.tracing import NO_TRACER, Tracer
from streams.wds import globs
from streams.wds.enveloped.options import Wish
from streams.wds.enveloped.subscription import Subscriber
from streams.wds.enveloped.switchboard import Switchboard
from streams.wds.framing import Framing
from streams.wds.hub import Client, Hub
from streams.wds.interests import Interest, interests, route
from streams.wds.marks import Marks
from streams.wds.reader import Reader
from streams.wds.snapshots import Snapshots


class FeedClient(Client, Subscriber, Protocol):
    """A client that may have subscriptions of either kind."""


class Feeder:
    """Keeps Redis's subscriptions in step with the clients'.

    Args:
        settings: Addresses and timeout.
        snapshots: Where values are read that a lost connection may have missed.
        counters: The hub's and the readers'.
        tracer: Ends the traces that come this far.
    """

    def __init__(
        self, settings: Settings, snapshots: Snapshots, counters: Counters, tracer: Tracer = NO_TRACER
    ) -> None:
        self._snapshots = snapshots
        self._hub = Hub(counters, Framing.of(settings))
        self._switchboard = Switchboard(settings, snapshots, counters)
        urls = {Database.MARKET: settings.mdc_redis_url, Database.WIDGET: settings.wdc_redis_url}
        marks = Marks(counters, tracer)
        self._readers = {
            database: Reader(
                database,
                url,
                settings.redis_timeout_s,
                self._dispatch,
                marks.take,
                partial(self._lose, database),
                partial(self._catch_up, database),
                counters,
            )
            for database, url in urls.items()
        }

    @property
    def connected(self) -> dict[str, bool]:
        """Which databases answer, by their names ``mdc`` and ``wdc``."""
        return {str(database): reader.connected for database, reader in self._readers.items()}

    @property
    def message_ages_s(self) -> dict[str, float]:
        """Seconds since the last published value of each feed, by its pattern; nothing before its first."""
        return {
            pattern: age
            for reader in self._readers.values()
            for pattern, age in reader.message_ages_s.items()
        }

    def hears(self, feed: Feed) -> bool:
        """Tell whether a feed that is no family is subscribed, by Redis's word."""
        return self._readers[feed.database].hears(feed.key())

    def renew(self, database: Database, reason: str) -> None:
        """Connect to a database anew: something is wrong with the connection."""
        self._readers[database].renew(reason)

    @property
    def subscriptions(self) -> int:
        """How many subscriptions there are, over all clients."""
        return self._hub.subscriptions + self._switchboard.subscriptions

    def count(self, client: FeedClient) -> int:
        """Return how many subscriptions a client has."""
        return len(self._hub.names(client)) + len(self._switchboard.names(client))

    def names(self, client: FeedClient) -> Iterator[str]:
        """Yield the feeds, wildcards among them, that a client is subscribed to."""
        return chain(self._hub.names(client), self._switchboard.names(client))

    def has(self, client: FeedClient, name: str) -> bool:
        """Tell whether a client is subscribed to a feed name."""
        return name in self._hub.names(client) or name in self._switchboard.names(client)

    async def subscribe(self, client: FeedClient, name: str) -> None:
        """Subscribe a client, and wait until Redis has confirmed it: no later value is missed.

        Raises:
            LookupError: The name matches no feed of the catalogue.
        """
        async with self._held(interests(name), name):
            self._end_enveloped(client, name)
            self._hub.subscribe(client, name)
            await self._begin_list(name)

    async def subscribe_enveloped(self, client: FeedClient, name: str, wish: Wish) -> None:
        """Subscribe a client with options, in the place of its former subscription to the same name.

        Raises:
            LookupError: The name matches no feed of the catalogue.
            InvalidOptions: There is no room for them.
        """
        wanted = self._switchboard.interests(name)
        self._switchboard.check(client, name, wish)
        async with self._held(wanted, name):
            self._hub.reserve(wanted)
            self._drop(self._hub.unsubscribe(client, name))
            self._end_enveloped(client, name)
            subscription = self._switchboard.add(client, name, wish)
        for database in {interest.database for interest in wanted}:
            if not self._readers[database].connected:
                # After the reply, which the caller sends in this turn of the loop.
                asyncio.get_running_loop().call_soon(self._switchboard.tell_stale, subscription)
                break

    def unsubscribe(self, client: FeedClient, name: str) -> None:
        """End a client's subscription, if there is one."""
        self._drop(self._hub.unsubscribe(client, name))
        self._end_enveloped(client, name)

    def regrant(self, client: FeedClient) -> None:
        """Take note that what a client may read has changed."""
        self._hub.regrant(client)
        self._switchboard.regrant(client)

    def remove(self, client: FeedClient) -> None:
        """End all of a client's subscriptions."""
        self._drop(self._hub.remove(client))
        for name in tuple(self._switchboard.names(client)):
            self._end_enveloped(client, name)

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._switchboard.run())
            for reader in self._readers.values():
                group.create_task(reader.run())

    @asynccontextmanager
    async def _held(self, wanted: frozenset[Interest], name: str) -> AsyncIterator[None]:
        if not wanted:
            raise LookupError(name)
        for interest in self._hub.reserve(wanted):
            self._readers[interest.database].want(interest)
        try:
            for database, reader in self._readers.items():
                await reader.settled([interest for interest in wanted if interest.database is database])
            yield
        finally:
            self._drop(self._hub.release(wanted))

    def _dispatch(self, channel: str, payload: bytes) -> None:
        if self._switchboard.dispatch(channel, payload):
            self._hub.dispatch(channel, payload)

    def _end_enveloped(self, client: FeedClient, name: str) -> None:
        if self._switchboard.remove(client, name):
            self._drop(self._hub.release(self._switchboard.interests(name)))

    def _drop(self, unwanted: list[Interest]) -> None:
        for interest in unwanted:
            self._readers[interest.database].drop(interest)

    async def _begin_list(self, name: str) -> None:
        # Where nothing has been passed on, what is missed could not be told from what was there before.
        where = None if globs.is_glob(name) else route(name)
        if where is None or where.feed.kind is not Kind.LIST or self._hub.tails.knows(name):
            return
        if self._readers[where.feed.database].connected:
            with suppress(*redis_link.FAILURES):
                entries = await self._snapshots.entries(where.feed.database, {name: 1})
                self._hub.tails.begin(name, next(iter(entries[name]), None))

    def _lose(self, database: Database) -> None:
        self._hub.tails.hold(database)
        self._switchboard.stale(database)

    async def _catch_up(self, database: Database) -> None:
        # What was published while the connection was down is only in the values now.
        self._switchboard.resync(database)
        lists = await self._snapshots.entries(database, self._hub.lists(database))
        for channel, entry in self._hub.tails.release(database, lists):
            self._hub.dispatch(channel, entry)
        with self._hub.watch() as seen:
            async for values in self._current(database):
                for channel, value in values.items():
                    if channel not in seen:
                        self._hub.dispatch(channel, value)

    async def _current(self, database: Database) -> AsyncIterator[dict[str, bytes]]:
        yield await self._snapshots.latest(database, self._latest_channels(database))
        for feed in tuple(self._hub.globbed):
            if feed.database is database and feed.kind is Kind.LATEST:
                async for values in self._snapshots.all_latest(feed):
                    yield values

    def _latest_channels(self, database: Database) -> list[str]:
        return [
            channel
            for channel in self._hub.channels
            if (where := route(channel)) is not None
            and where.feed.database is database
            and where.feed.kind is Kind.LATEST
        ]
