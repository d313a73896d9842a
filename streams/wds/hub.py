"""Which client wants what, and the fan-out of what arrives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from streams.feeds import Feed, Kind
from streams.telemetry import Counters
from streams.wds import globs, interests
from streams.wds.interests import Interest
from streams.wds.wire import text_frame


class Client(Protocol):
    """A receiver of feeds. Compared and hashed by identity."""

    def deliver(self, key: str, frame: bytes, latest: bool) -> None:
        """Take a frame, without waiting."""


class Hub:
    """The subscriptions of all clients. One event loop owns it; nothing in it waits.

    Args:
        counters: Counts ``delivered`` frames and ``dropped`` payloads by reason.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._exact: defaultdict[str, set[Client]] = defaultdict(set)
        self._globs: defaultdict[Feed, defaultdict[str, set[Client]]] = defaultdict(lambda: defaultdict(set))
        self._names: defaultdict[Client, set[str]] = defaultdict(set)
        self._wanted: Counter[Interest] = Counter()
        self._watchers: dict[object, set[str]] = {}

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
            self.reserve(interests.interests(name))

    def unsubscribe(self, client: Client, name: str) -> list[Interest]:
        """End a client's subscription, if there is one; return what nobody wants any more."""
        if name not in self.names(client):
            return []
        self._names[client].discard(name)
        for clients in self._places(name):
            clients.discard(client)
        self._forget_empty(name)
        return self.release(interests.interests(name))

    def remove(self, client: Client) -> list[Interest]:
        """End all of a client's subscriptions; return what nobody wants any more."""
        names = tuple(self.names(client))
        unwanted = [interest for name in names for interest in self.unsubscribe(client, name)]
        self._names.pop(client, None)
        return unwanted

    def dispatch(self, channel: str, payload: bytes) -> None:
        """Give a published payload to every client that wants it: framed once, and once to each."""
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
        frame = text_frame(payload)
        latest = route.feed.kind is Kind.LATEST
        for client in clients:
            client.deliver(channel, frame, latest)
        self._counters.add("delivered", len(clients))

    def _clients(self, channel: str, feed: Feed) -> Collection[Client]:
        exact = self._exact.get(channel, set())
        of_feed = self._globs.get(feed)
        if not of_feed:
            return exact
        matching = (clients for glob, clients in of_feed.items() if globs.compiled(glob).matches(channel))
        return exact.union(*matching)

    def _places(self, name: str) -> Iterable[set[Client]]:
        if not globs.is_glob(name):
            return [self._exact[name]]
        return [self._globs[feed][name] for feed in interests.matching_feeds(name)]

    def _forget_empty(self, name: str) -> None:
        if not globs.is_glob(name):
            if not self._exact[name]:
                del self._exact[name]
            return
        for feed in interests.matching_feeds(name):
            if not self._globs[feed][name]:
                del self._globs[feed][name]
            if not self._globs[feed]:
                del self._globs[feed]
