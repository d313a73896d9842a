"""Which feeds a wildcard's snapshots are of."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from streams import redis_link
from streams.backoff import Backoff
from streams.telemetry import Reporter
from streams.wds import globs, interests
from streams.wds.enveloped.subscription import Subscription
from streams.wds.snapshots import Snapshots

MAX_BOARDS: Final = 10_000
"""Most boards of a wildcard that get a snapshot where changes are wanted: without one they mean nothing."""

logger: Final = logging.getLogger(__name__)


class Finder:
    """Looks for the feeds that have a value, one wildcard at a time.

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
        self._asked: deque[Subscription] = deque()
        self._is_asked = asyncio.Event()

    def ask(self, subscription: Subscription) -> None:
        """Look for the feeds of a wildcard when its turn comes."""
        self._asked.append(subscription)
        self._is_asked.set()

    async def run(self) -> None:
        """Look until cancelled; what fails is tried again, with growing waits."""
        backoff = Backoff()
        while True:
            await self._is_asked.wait()
            subscription = self._asked.popleft()
            try:
                if not subscription.is_over:
                    await self._find(subscription)
            except redis_link.FAILURES as error:
                self._asked.append(subscription)
                self._reporter.warn("snapshots fail", str(error) or type(error).__name__)
                await asyncio.sleep(backoff.next_s())
            else:
                backoff.reset()
            if not self._asked:
                self._is_asked.clear()

    async def _find(self, subscription: Subscription) -> None:
        most = max(self._most, MAX_BOARDS) if subscription.options.delta else self._most
        glob, grant = globs.compiled(subscription.name), subscription.client.grant
        keys: dict[str, None] = {}
        for feed in interests.matching_feeds(subscription.name):
            async for key in self._snapshots.keys(feed):
                if glob.matches(key) and grant.may_read(key):
                    keys[key] = None
                if len(keys) > most:
                    break
        more = len(keys) > most
        if more:
            keys.popitem()
        if not subscription.is_over:
            self._found(subscription, keys.keys() | (subscription.seen or ()), more)
