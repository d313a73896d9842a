"""Who has which subscription with options, and which streams serve them."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Final

from streams.feeds import Database, Feed, Kind
from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds import interests
from streams.wds.enveloped import values
from streams.wds.enveloped.envelopes import Type
from streams.wds.enveloped.finder import Finder
from streams.wds.enveloped.joins import Joins
from streams.wds.enveloped.latest_stream import LatestStream
from streams.wds.enveloped.list_stream import ListStream
from streams.wds.enveloped.options import InvalidOptions, Options, Wish
from streams.wds.enveloped.stream import Stream, Studio
from streams.wds.enveloped.subscription import Subscriber, Subscription
from streams.wds.framing import Framing
from streams.wds.glob_index import GlobIndex
from streams.wds.interests import Interest
from streams.wds.resolved import Resolved
from streams.wds.snapshots import Snapshots

SWEEP_S: Final = 5.0
"""How often streams are forgotten that nobody wants any more, in seconds."""


class Switchboard:
    """The subscriptions with options of all clients. One event loop owns it; publishing never waits.

    A feed comes once to a client: by the subscription of its own name, else by the first wildcard.

    Args:
        settings: Limits, and how frames are made.
        snapshots: Reads current values.
        counters: Counts ``delivered`` frames and ``dropped`` payloads by reason.
    """

    def __init__(self, settings: Settings, snapshots: Snapshots, counters: Counters) -> None:
        self._counters = counters
        self._most_streams = settings.wds_max_streams
        self._most_sets = settings.wds_max_option_sets
        self._joins = {
            database: Joins(database, snapshots, settings.redis_timeout_s, counters) for database in Database
        }
        self._marks = {joins.channel: joins for joins in self._joins.values()}
        most_snapshots = settings.wds_max_snapshot_keys
        self._finder = Finder(snapshots, most_snapshots, self._begin)
        self._studio = Studio(Framing.of(settings), counters, most_snapshots, self._renew)
        self._own: defaultdict[Subscriber, dict[str, Subscription]] = defaultdict(dict)
        self._exact: defaultdict[str, dict[Subscription, None]] = defaultdict(dict)
        self._globs: defaultdict[Feed, GlobIndex[Subscription]] = defaultdict(GlobIndex)
        self._streams: defaultdict[Feed, dict[str, dict[Options, Stream]]] = defaultdict(dict)
        self._resolved: defaultdict[Feed, Resolved[tuple[Stream, ...]]] = defaultdict(Resolved)
        self._numbers = itertools.count()
        self._costly = 0
        self._has_ended = False

    @property
    def subscriptions(self) -> int:
        """How many subscriptions there are, over all clients."""
        return sum(map(len, self._own.values()))

    def names(self, client: Subscriber) -> Collection[str]:
        """Return the feed names, wildcards among them, that a client is subscribed to."""
        return self._own.get(client, {}).keys()

    def interests(self, name: str) -> frozenset[Interest]:
        """Return what to subscribe in Redis for a subscription to ``name``."""
        wanted = interests.interests(name)
        return wanted | {Interest(each.database, self._joins[each.database].channel) for each in wanted}

    def check(self, client: Subscriber, name: str, wish: Wish) -> None:
        """Make sure that there is room for a subscription.

        Raises:
            InvalidOptions: The client, or all together, have too many different options already.
        """
        if wish.options.is_plain:
            return
        own = self._own.get(client, {})
        sets = {each.options for key, each in own.items() if key != name and not each.options.is_plain}
        if len(sets | {wish.options}) > self._most_sets:
            raise InvalidOptions(f"more than {self._most_sets} different sets of options")
        if self._costly >= self._most_streams:
            raise InvalidOptions("too many subscriptions with options, of all clients: try again later")

    def add(self, client: Subscriber, name: str, wish: Wish) -> Subscription:
        """Subscribe a client, in the place of its former subscription to the same name."""
        self.remove(client, name)
        subscription = self._own[client][name] = Subscription(client, name, wish, next(self._numbers))
        self._forget_resolved(name)
        if (glob := subscription.glob) is not None:
            if wish.snapshot:
                subscription.look_up()
                self._finder.ask(subscription)
            for feed in interests.matching_feeds(name):
                self._globs[feed].add(glob, subscription)
            return subscription
        self._exact[name][subscription] = None
        stream = self._stream_of(subscription, name)
        if stream is not None and wish.snapshot:
            subscription.withhold(name)
            self._joins[stream.feed.database].ask(stream, subscription)
        return subscription

    def remove(self, client: Subscriber, name: str) -> bool:
        """End a client's subscription; return whether there was one."""
        subscription = self._own.get(client, {}).pop(name, None)
        if subscription is None:
            return False
        if not self._own[client]:
            del self._own[client]
        subscription.end()
        self._has_ended = True
        self._forget_resolved(name)
        if (glob := subscription.glob) is not None:
            for feed in interests.matching_feeds(name):
                self._globs[feed].discard(glob, subscription)
        else:
            del self._exact[name][subscription]
            if not self._exact[name]:
                del self._exact[name]
        return True

    def regrant(self, client: Subscriber) -> None:
        """Take note that what a client may read has changed."""
        for name in self.names(client):
            self._forget_resolved(name)

    def dispatch(self, channel: str, payload: bytes) -> bool:
        """Give a published payload to whoever wants it; return False where it is a mark of our own."""
        # Hot: runs for each published value.
        if (joins := self._marks.get(channel)) is not None:
            joins.mark(payload)
            return False
        if self._own and (streams := self._streams_of(channel)):
            try:
                values.checked(payload)
            except ValueError:
                self._counters.add("dropped", reason="payload_not_json")
                return True
            for stream in streams:
                stream.publish(payload)
        return True

    def stale(self, database: Database) -> None:
        """Tell the clients that a database is away."""
        for subscription in self._subscriptions_of(database):
            self.tell_stale(subscription)

    def tell_stale(self, subscription: Subscription) -> None:
        """Tell a client that a subscription has no updates until a resync."""
        subscription.notify(Type.STALE, {"reason": "redis away"})

    def resync(self, database: Database) -> None:
        """Tell the clients that a database is back, and send them what it holds now."""
        for subscription in self._subscriptions_of(database):
            subscription.notify(Type.RESYNC, {"reason": "redis back"})
        for stream in self._all_streams():
            if stream.feed.database is database:
                for member in stream.members:
                    if stream.feed.kind is Kind.LATEST or member.wish.snapshot:
                        self._renew(stream, member)

    async def run(self) -> None:
        """Read snapshots, and forget what is over, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._finder.run())
            for joins in self._joins.values():
                group.create_task(joins.run())
            while True:
                await asyncio.sleep(SWEEP_S)
                if self._has_ended:
                    self._has_ended = False
                    self._sweep()

    def _subscriptions_of(self, database: Database) -> Iterator[Subscription]:
        for own in self._own.values():
            for subscription in own.values():
                if any(each.database is database for each in interests.interests(subscription.name)):
                    yield subscription

    def _begin(self, subscription: Subscription, found: Collection[str], more: bool) -> None:
        # A feed that another subscription of the client brings is that one's business.
        pairs = [(channel, self._stream_of(subscription, channel)) for channel in found]
        streams = {channel: stream for channel, stream in pairs if stream is not None}
        subscription.begin(streams, more)
        for stream in streams.values():
            self._joins[stream.feed.database].ask(stream, subscription)

    def _renew(self, stream: Stream, subscription: Subscription) -> None:
        if subscription.seen is None and not subscription.is_over:
            subscription.renew(stream.channel)
            self._joins[stream.feed.database].ask(stream, subscription)

    def _stream_of(self, subscription: Subscription, channel: str) -> Stream | None:
        options = subscription.options
        streams = (stream for stream in self._streams_of(channel) if stream.options == options)
        return next((stream for stream in streams if subscription in stream.members), None)

    def _streams_of(self, channel: str) -> tuple[Stream, ...]:
        route = interests.route(channel)
        if route is None:
            return ()
        resolved = self._resolved[route.feed]
        streams = resolved.get(channel)
        if streams is None:
            streams = self._resolve(channel, route.feed)
            resolved.remember(channel, streams)
        return streams

    def _resolve(self, channel: str, feed: Feed) -> tuple[Stream, ...]:
        chosen = {each.client: each for each in self._exact.get(channel, ())}
        for subscription in self._globs[feed].holders(channel):
            first = chosen.setdefault(subscription.client, subscription)
            if first.glob is not None and subscription.number < first.number:
                chosen[subscription.client] = subscription
        members: defaultdict[Options, list[Subscription]] = defaultdict(list)
        for subscription in chosen.values():
            if subscription.client.grant.may_read(channel):
                members[subscription.options].append(subscription)
        streams = self._streams[feed].get(channel, {})
        for options in [options for options in streams if options not in members]:
            self._close(streams.pop(options))
        for options, wanting in members.items():
            stream = streams.get(options) or self._open(channel, feed, options)
            if stream is not None:
                stream.members = tuple(wanting)
                streams[options] = stream
        if streams:
            self._streams[feed][channel] = streams
        else:
            self._streams[feed].pop(channel, None)
        return tuple(streams.values())

    def _open(self, channel: str, feed: Feed, options: Options) -> Stream | None:
        if not options.is_plain:
            if self._costly >= self._most_streams:
                self._counters.add("dropped", reason="too_many_streams")
                return None
            self._costly += 1
        kind = LatestStream if feed.kind is Kind.LATEST else ListStream
        return kind(channel, feed, options, self._studio)

    def _close(self, stream: Stream) -> None:
        stream.members = ()
        stream.close()
        self._costly -= not stream.options.is_plain

    def _forget_resolved(self, name: str) -> None:
        for feed in interests.feeds_of(name):
            self._resolved[feed].forget(name)

    def _all_streams(self) -> Iterator[Stream]:
        for by_channel in tuple(self._streams.values()):
            for streams in tuple(by_channel.values()):
                yield from tuple(streams.values())

    def _sweep(self) -> None:
        for feed, by_channel in tuple(self._streams.items()):
            for channel, streams in tuple(by_channel.items()):
                if any(member.is_over for stream in streams.values() for member in stream.members):
                    self._resolved[feed].remember(channel, self._resolve(channel, feed))
