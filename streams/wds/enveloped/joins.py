"""Snapshots for those who join streams: read so that it is known which updates they hold.

Redis reads the values and publishes a mark in one transaction. The mark comes through the subscription's
connection, in the order of all that is published: what comes before it is in the values, what comes after it
is not. What is set or pushed, and published, in one transaction or script is neither lost nor repeated.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass, field
from typing import Final

from streams import redis_link
from streams.backoff import Backoff
from streams.feeds import Database, Kind
from streams.telemetry import Counters, Reporter
from streams.wds.enveloped import values
from streams.wds.enveloped.stream import Mark, Stream, Value
from streams.wds.enveloped.subscription import Subscription
from streams.wds.snapshots import Snapshots, Wanted

CHUNK: Final = 64
"""Most values that are read at a time."""

logger: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    """Streams whose values are being read."""

    joining: dict[Stream, dict[Subscription, None]]
    marked: asyncio.Event = field(default_factory=asyncio.Event)
    marks: dict[Stream, Mark] = field(default_factory=dict)


class Joins:
    """Reads one database's values for those who wait for them; who wants the same is served by one reading.

    Args:
        database: Whose values.
        snapshots: Reads them.
        timeout_s: Longest wait for a mark, in seconds.
        counters: Counts ``dropped`` values by reason.

    Attributes:
        channel: Where the marks are published.
    """

    def __init__(
        self, database: Database, snapshots: Snapshots, timeout_s: float, counters: Counters
    ) -> None:
        self.channel = f"wds:mark:{uuid.uuid4().hex}"
        self._database = database
        self._snapshots = snapshots
        self._timeout_s = timeout_s
        self._counters = counters
        self._reporter = Reporter(logger)
        self._waiting: dict[Stream, dict[Subscription, None]] = {}
        self._is_wanted = asyncio.Event()
        self._batches: dict[str, _Batch] = {}
        self._number = 0

    def ask(self, stream: Stream, subscription: Subscription) -> None:
        """Let a subscription wait for the snapshot of a feed, which it is withheld."""
        self._waiting.setdefault(stream, {})[subscription] = None
        self._is_wanted.set()

    def mark(self, payload: bytes) -> None:
        """Take a mark in the order of what is published."""
        batch = self._batches.get(payload.decode("ascii", "replace"))
        if batch is not None:
            batch.marks = {stream: stream.mark() for stream in batch.joining}
            batch.marked.set()

    async def run(self) -> None:
        """Read until cancelled; what fails is tried again, with growing waits."""
        backoff = Backoff()
        while True:
            await self._is_wanted.wait()
            batch = self._take()
            if not batch.joining:
                continue
            try:
                found = await self._read(batch)
            except redis_link.FAILURES as error:
                self._put_back(batch)
                self._reporter.warn("snapshots fail", str(error) or type(error).__name__)
                await asyncio.sleep(backoff.next_s())
            else:
                backoff.reset()
                self._admit(batch, found)

    def _take(self) -> _Batch:
        joining: dict[Stream, dict[Subscription, None]] = {}
        while self._waiting and len(joining) < CHUNK:
            stream = next(iter(self._waiting))
            left = {each: None for each in self._waiting.pop(stream) if not each.is_over}
            if left:
                joining[stream] = left
        if not self._waiting:
            self._is_wanted.clear()
        return _Batch(joining)

    async def _read(self, batch: _Batch) -> list[Value]:
        self._number += 1
        name = str(self._number)
        self._batches[name] = batch
        wanted = [_wanted(stream) for stream in batch.joining]
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._snapshots.marked(self._database, wanted, self.channel, name)
                await batch.marked.wait()
        finally:
            del self._batches[name]
        self._counters.add("snapshots", len(found))
        return found

    def _admit(self, batch: _Batch, found: list[Value]) -> None:
        for (stream, joining), value in zip(batch.joining.items(), found, strict=True):
            left = [subscription for subscription in joining if not subscription.is_over]
            stream.admit(left, batch.marks[stream], self._checked(stream, value))

    def _put_back(self, batch: _Batch) -> None:
        for stream, joining in batch.joining.items():
            if batch.marked.is_set():
                stream.give_up()
            self._waiting[stream] = joining | self._waiting.get(stream, {})
        self._is_wanted.set()

    def _checked(self, stream: Stream, value: Value) -> Value:
        if value is None:
            return None
        good = [each for each in ([value] if isinstance(value, bytes) else value) if _is_json(each)]
        if isinstance(value, bytes):
            bad = not good
            checked: Value = good[0] if good else None
        else:
            bad = len(good) < len(value)
            checked = good
        if bad:
            self._counters.add("dropped", reason="value_not_json")
            self._reporter.warn("a value in Redis is no JSON", stream.channel)
        return checked


def _wanted(stream: Stream) -> Wanted:
    return Wanted(stream.channel, stream.feed.kind is Kind.LIST, stream.options.limit)


def _is_json(value: bytes) -> bool:
    try:
        values.checked(value)
    except ValueError:
        return False
    return True
