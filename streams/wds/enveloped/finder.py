"""Which feeds a wildcard's snapshots are of."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection
from typing import Final

from streams import redis_link
from streams.backoff import Backoff
from streams.feeds import Feed
from streams.telemetry import Reporter
from streams.wds import interests
from streams.wds.enveloped.subscription import Subscriber, Subscription
from streams.wds.glob_index import GlobIndex
from streams.wds.snapshots import Snapshots

MAX_BOARDS: Final = 10_000
"""Most boards of a wildcard that get a snapshot where changes are wanted: without one they mean nothing."""
TOGETHER: Final = 64
"""Most wildcards that are looked for in one go through Redis's keys."""

logger: Final = logging.getLogger(__name__)


class Finder:
    """Looks for the feeds that have a value, for many wildcards at a time.

    Clients have their turns one after the other: one that has asked for a thousand wildcards holds up nobody.

    Args:
        snapshots: Where the feeds are.
        most: Most feeds of a wildcard.
        found: Takes the subscription, its feeds, and whether there are more.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        most: int,
        found: Callable[[Subscription, Collection[str], bool], None],
    ) -> None:
        self._snapshots = snapshots
        self._most = most
        self._found = found
        self._reporter = Reporter(logger)
        # As many as clients may have subscriptions, at most.
        self._asked: OrderedDict[Subscriber, deque[Subscription]] = OrderedDict()
        self._is_asked = asyncio.Event()

    def ask(self, subscription: Subscription) -> None:
        """Look for the feeds of a wildcard when its turn comes."""
        self._asked.setdefault(subscription.client, deque()).append(subscription)
        self._is_asked.set()

    async def run(self) -> None:
        """Look until cancelled; what fails is tried again, with growing waits."""
        backoff = Backoff()
        while True:
            await self._is_asked.wait()
            batch = self._take()
            try:
                keys = await self._find(batch)
            except redis_link.FAILURES as error:
                for subscription in batch:
                    self.ask(subscription)
                self._reporter.warn("snapshots fail", str(error) or type(error).__name__)
                await asyncio.sleep(backoff.next_s())
            else:
                backoff.reset()
                for subscription in batch:
                    self._tell(subscription, keys[subscription])
                    await asyncio.sleep(
                        0
                    )  # Each may be a thousand feeds: others have their turns in between.

    def _take(self) -> list[Subscription]:
        batch: list[Subscription] = []
        while self._asked and len(batch) < TOGETHER:
            client, waiting = self._asked.popitem(last=False)
            subscription = waiting.popleft()
            if waiting:
                self._asked[client] = waiting
            if not subscription.is_over:
                batch.append(subscription)
        if not self._asked:
            self._is_asked.clear()
        return batch

    async def _find(self, batch: list[Subscription]) -> defaultdict[Subscription, set[str]]:
        """Return the keys of each subscription: one more than it may have, where it has more."""
        wanted: defaultdict[Feed, GlobIndex[Subscription]] = defaultdict(GlobIndex)
        for subscription in batch:
            if subscription.glob is not None:
                for feed in interests.matching_feeds(subscription.name):
                    wanted[feed].add(subscription.glob, subscription)
        keys: defaultdict[Subscription, set[str]] = defaultdict(set)
        for feed, index in wanted.items():
            async for key in self._snapshots.keys(feed):
                for subscription in index.holders(key):
                    found = keys[subscription]
                    if len(found) <= self._bound(subscription) and subscription.client.grant.may_read(key):
                        found.add(key)
        return keys

    def _tell(self, subscription: Subscription, keys: set[str]) -> None:
        more = len(keys) > self._bound(subscription)
        if more:
            keys.pop()
        if not subscription.is_over:
            self._found(subscription, keys | (subscription.seen or set()), more)

    def _bound(self, subscription: Subscription) -> int:
        return max(self._most, MAX_BOARDS) if subscription.options.delta else self._most
