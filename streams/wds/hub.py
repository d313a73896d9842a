"""Which client wants what, and the fan-out of what arrives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from streams.feeds import Database, Feed, Kind
from streams.telemetry import Counters
from streams.wds import globs, interests
from streams.wds.framing import Framing
from streams.wds.globs import Glob
from streams.wds.grants import Grant
from streams.wds.interests import Interest
from streams.wds.tails import FEW, MOST, Tails

RESOLVED_KEPT: Final = 65_536
"""Most channels of a feed of which it is remembered who gets them."""


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
        # Who gets what of a channel: a thousand globs are matched once, not for each message.
        self._resolved: defaultdict[Feed, dict[str, tuple[Client, ...]]] = defaultdict(dict)
        self._exact: defaultdict[str, set[Client]] = defaultdict(set)
        # By compiled globs, which live as long as they are keys: compiling takes a hundred times a match.
        self._globs: defaultdict[Feed, defaultdict[Glob, set[Client]]] = defaultdict(lambda: defaultdict(set))
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
            for clients in self._places(name):
                clients.add(client)
            self._forget_resolved(name)
            self.reserve(interests.interests(name))

    def unsubscribe(self, client: Client, name: str) -> list[Interest]:
        """End a client's subscription, if there is one; return what nobody wants any more."""
        if name not in self.names(client):
            return []
        self._names[client].discard(name)
        for clients in self._places(name):
            clients.discard(client)
        self._forget_empty(name)
        self._forget_resolved(name)
        return self.release(interests.interests(name))

    def remove(self, client: Client) -> list[Interest]:
        """End all of a client's subscriptions; return what nobody wants any more."""
        names = tuple(self.names(client))
        unwanted = [interest for name in names for interest in self.unsubscribe(client, name)]
        self._names.pop(client, None)
        return unwanted

    def regrant(self) -> None:
        """Take note that what some client may read has changed."""
        self._resolved.clear()

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
            if len(resolved) >= RESOLVED_KEPT:
                resolved.clear()
            clients = resolved[channel] = self._resolve(channel, feed)
        return clients

    def _resolve(self, channel: str, feed: Feed) -> tuple[Client, ...]:
        wanting = set(self._exact.get(channel, ()))
        for glob, clients in self._globs.get(feed, {}).items():
            if glob.matches(channel):
                wanting |= clients
        return tuple(client for client in wanting if client.grant.may_read(channel))

    def _forget_resolved(self, name: str) -> None:
        if globs.is_glob(name):
            for feed in interests.matching_feeds(name):
                self._resolved.pop(feed, None)
        elif (route := interests.route(name)) is not None:
            self._resolved[route.feed].pop(name, None)

    def _places(self, name: str) -> Iterable[set[Client]]:
        if not globs.is_glob(name):
            return [self._exact[name]]
        glob = globs.compiled(name)
        return [self._globs[feed][glob] for feed in interests.matching_feeds(name)]

    def _forget_empty(self, name: str) -> None:
        if not globs.is_glob(name):
            if not self._exact[name]:
                del self._exact[name]
                self._tails.forget(name)
            return
        glob = globs.compiled(name)
        for feed in interests.matching_feeds(name):
            if not self._globs[feed][glob]:
                del self._globs[feed][glob]
            if not self._globs[feed]:
                del self._globs[feed]
                self._tails.forget_all(
                    channel for channel in self._tails.channels() if self._is_over(channel)
                )

    def _is_over(self, channel: str) -> bool:
        route = interests.route(channel)
        return channel not in self._exact and (route is None or route.feed not in self._globs)
