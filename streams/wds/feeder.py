"""What brings published values to the clients: the hub and the readers of both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from functools import partial

from streams.feeds import Database, Kind
from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.framing import Framing
from streams.wds.hub import Client, Hub
from streams.wds.interests import Interest, interests, route
from streams.wds.reader import Reader
from streams.wds.snapshots import Snapshots


class Feeder:
    """Keeps Redis's subscriptions in step with the clients'.

    Args:
        settings: Addresses and timeout.
        snapshots: Where values are read that a lost connection may have missed.
        counters: The hub's and the readers'.
    """

    def __init__(self, settings: Settings, snapshots: Snapshots, counters: Counters) -> None:
        self._snapshots = snapshots
        self._hub = Hub(counters, Framing.of(settings))
        urls = {Database.MARKET: settings.mdc_redis_url, Database.WIDGET: settings.wdc_redis_url}
        self._readers = {
            database: Reader(
                database,
                url,
                settings.redis_timeout_s,
                self._hub.dispatch,
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
    def message_age_s(self) -> float | None:
        """Seconds since the last published value; None before the first."""
        ages = [reader.message_age_s for reader in self._readers.values()]
        return min((age for age in ages if age is not None), default=None)

    @property
    def subscriptions(self) -> int:
        """How many subscriptions there are, over all clients."""
        return self._hub.subscriptions

    def names(self, client: Client) -> Collection[str]:
        """Return the feed names that a client is subscribed to."""
        return self._hub.names(client)

    async def subscribe(self, client: Client, name: str) -> None:
        """Subscribe a client, and wait until Redis has confirmed it: no later value is missed.

        Raises:
            LookupError: The name matches no feed of the catalogue.
        """
        wanted = interests(name)
        if not wanted:
            raise LookupError(name)
        for interest in self._hub.reserve(wanted):
            self._readers[interest.database].want(interest)
        try:
            for database, reader in self._readers.items():
                await reader.settled([interest for interest in wanted if interest.database is database])
            self._hub.subscribe(client, name)
        finally:
            self._drop(self._hub.release(wanted))

    def unsubscribe(self, client: Client, name: str) -> None:
        """End a client's subscription, if there is one."""
        self._drop(self._hub.unsubscribe(client, name))

    def regrant(self) -> None:
        """Take note that what some client may read has changed."""
        self._hub.regrant()

    def remove(self, client: Client) -> None:
        """End all of a client's subscriptions."""
        self._drop(self._hub.remove(client))

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as group:
            for reader in self._readers.values():
                group.create_task(reader.run())

    def _drop(self, unwanted: list[Interest]) -> None:
        for interest in unwanted:
            self._readers[interest.database].drop(interest)

    async def _catch_up(self, database: Database) -> None:
        # What was published while the connection was down is only in the values now.
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
