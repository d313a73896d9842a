"""Which client wants what, and the fan-out of what arrives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

from streams.feeds import Database, Feed, Kind
from streams.telemetry import Counters
from streams.wds import globs, interests
from streams.wds.framing import Framing
from streams.wds.glob_index import GlobIndex
from streams.wds.grants import Grant
from streams.wds.interests import Interest
from streams.wds.resolved import Resolved
from streams.wds.tails import FEW, MOST, Tails


class Client(Protocol):
    """A receiver of feeds. Compared and hashed by identity.

    Attributes:
        deflates: Whether it takes compressed frames.
        grant: What it may read.
    """

    deflates: bool
    grant: Grant

    def deliver(self, key: str, frame: bytes, latest: bool) -> None:
        """Take a frame, without waiting."""


class Hub:
    """The subscriptions of all clients. One event loop owns it; nothing in it waits.

    Args:
        counters: Counts ``delivered`` frames and ``dropped`` payloads by reason.
        framing: How payloads become frames.
    """

    def __init__(self, counters: Counters, framing: Framing) -> None:
        self._counters = counters
        self._framing = framing
        self._resolved: defaultdict[Feed, Resolved[tuple[Client, ...]]] = defaultdict(Resolved)
        self._exact: defaultdict[str, set[Client]] = defaultdict(set)
        self._globs: defaultdict[Feed, GlobIndex[Client]] = defaultdict(GlobIndex)
        self._names: defaultdict[Client, set[str]] = defaultdict(set)
        self._wanted: Counter[Interest] = Counter()
        self._watchers: dict[object, set[str]] = {}
        self._tails = Tails(counters)

    @property
    def subscriptions(self) -> int:
        """How many subscriptions there are, over all clients."""
        return sum(map(len, self._names.values()))

    @property
    def channels(self) -> Collection[str]:
        """The feeds that clients are subscribed to by their very names."""
        return self._exact.keys()

    @property
    def globbed(self) -> Collection[Feed]:
        """The feeds of which clients are subscribed to some keys by a glob."""
        return self._globs.keys()

    @property
    def tails(self) -> Tails:
        """How far each list has been passed on."""
        return self._tails

    def lists(self, database: Database) -> dict[str, int]:
        """Return the lists of a database that have been passed on, with how much of each is worth reading."""
        return {
            channel: MOST if channel in self._exact else FEW
            for channel in self._tails.channels()
            if (route := interests.route(channel)) is not None and route.feed.database is database
        }

    @contextmanager
    def watch(self) -> Iterator[set[str]]:
        """Give a set that collects the channels dispatched meanwhile."""
        watcher = object()
        seen = self._watchers[watcher] = set()
        try:
            yield seen
        finally:
            del self._watchers[watcher]

    def names(self, client: Client) -> Collection[str]:
        """Return the feed names, globs among them, that a client is subscribed to."""
        return self._names.get(client, ())

    def reserve(self, wanted: Collection[Interest]) -> list[Interest]:
        """Count one more use of each interest; return those that nobody wanted before."""
        new = [interest for interest in wanted if not self._wanted[interest]]
        self._wanted.update(wanted)
        return new

    def release(self, wanted: Collection[Interest]) -> list[Interest]:
        """Count one use less of each interest; return those that nobody wants any more."""
        self._wanted.subtract(wanted)
        unwanted = [interest for interest in wanted if not self._wanted[interest]]
        for interest in unwanted:
            del self._wanted[interest]
        return unwanted

    def subscribe(self, client: Client, name: str) -> None:
        """Subscribe a client to a feed or glob, and reserve its interests."""
        if name not in self._names[client]:
            self._names[client].add(name)
            self._place(client, name)
            self._forget_resolved(name)
            self.reserve(interests.interests(name))

    def unsubscribe(self, client: Client, name: str) -> list[Interest]:
        """End a client's subscription, if there is one; return what nobody wants any more."""
        if name not in self.names(client):
            return []
        self._names[client].discard(name)
        self._forget_resolved(name)
        self._displace(client, name)
        return self.release(interests.interests(name))

    def remove(self, client: Client) -> list[Interest]:
        """End all of a client's subscriptions; return what nobody wants any more."""
        names = tuple(self.names(client))
        unwanted = [interest for name in names for interest in self.unsubscribe(client, name)]
        self._names.pop(client, None)
        return unwanted

    def regrant(self, client: Client) -> None:
        """Take note that what a client may read has changed."""
        for name in self.names(client):
            self._forget_resolved(name)

    def dispatch(self, channel: str, payload: bytes) -> None:
        """Give a published payload to every client that wants it: framed once, compressed once."""
        for seen in self._watchers.values():
            seen.add(channel)
        route = interests.route(channel)
        if route is None:
            self._counters.add("dropped", reason="no_catalogue_feed")
            return
        clients = self._clients(channel, route.feed)
        if not clients:
            return
        try:
            payload.decode()
        except UnicodeDecodeError:
            self._counters.add("dropped", reason="payload_not_utf8")
            return
        latest = route.feed.kind is Kind.LATEST
        if not latest and not self._tails.takes(route.feed, channel, payload):
            return
        plain: bytes | None = None
        deflated: bytes | None = None
        for client in clients:
            if client.deflates:
                if deflated is None:
                    deflated = self._framing.frame(payload, deflates=True)
                client.deliver(channel, deflated, latest)
            else:
                if plain is None:
                    plain = self._framing.frame(payload, deflates=False)
                client.deliver(channel, plain, latest)
        self._counters.add("delivered", len(clients))

    def _clients(self, channel: str, feed: Feed) -> tuple[Client, ...]:
        resolved = self._resolved[feed]
        clients = resolved.get(channel)
        if clients is None:
            clients = self._resolve(channel, feed)
            resolved.remember(channel, clients)
        return clients

    def _resolve(self, channel: str, feed: Feed) -> tuple[Client, ...]:
        by_glob = self._globs[feed].holders(channel) if feed in self._globs else ()
        wanting = {*self._exact.get(channel, ()), *by_glob}
        return tuple(client for client in wanting if client.grant.may_read(channel))

    def _forget_resolved(self, name: str) -> None:
        for feed in interests.feeds_of(name):
            self._resolved[feed].forget(name)

    def _place(self, client: Client, name: str) -> None:
        if not globs.is_glob(name):
            self._exact[name].add(client)
            return
        glob = globs.compiled(name)
        for feed in interests.matching_feeds(name):
            self._globs[feed].add(glob, client)

    def _displace(self, client: Client, name: str) -> None:
        if not globs.is_glob(name):
            self._exact[name].discard(client)
            if not self._exact[name]:
                del self._exact[name]
                self._tails.forget(name)
            return
        glob = globs.compiled(name)
        for feed in interests.matching_feeds(name):
            self._globs[feed].discard(glob, client)
            if not self._globs[feed]:
                del self._globs[feed]
                self._tails.forget_all(
                    channel for channel in self._tails.channels() if self._is_over(channel)
                )

    def _is_over(self, channel: str) -> bool:
        route = interests.route(channel)
        return channel not in self._exact and (route is None or route.feed not in self._globs)
