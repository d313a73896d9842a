"""The first stage: articles of every partition of md.news are read, and go to one partition.

Lists over all articles need them in one place. What arrives there may come again after a crash; the second
stage knows it by its origin.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterable
from typing import Any, Final, NamedTuple

import msgspec
from faust.types import EventT

from streams import records
from streams.backoff import Backoff
from streams.news import article
from streams.news.archive import Origin
from streams.news.article import Article
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.topics import NEWS, NEWS_FILED
from streams.tracing import Span, Tracer
from streams.writer import KeyedRecord, RecordWriter

logger = logging.getLogger(__name__)

MAX_WAITING: Final = 500
"""Most articles that wait to be sent on; beyond it no more are read."""


class Filing(msgspec.Struct, array_like=True):
    """A record of the second stage: a version of an article, and where it came from."""

    article: Article
    origin: Origin


_encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Filing).decode


class Passing(NamedTuple):
    """A record on its way to the second stage, and the step of its trace that this is, if it is traced."""

    record: KeyedRecord
    span: Span | None


class Relay:
    """Reads articles and sends them on; an event is acknowledged once Kafka has what became of it.

    Args:
        settings: Where Kafka is.
        counters: Counts ``articles_read`` and ``articles_rejected``.
        tracer: Goes on with the traces of articles.
    """

    def __init__(self, settings: Settings, counters: Counters, tracer: Tracer) -> None:
        self._source, self._topic = settings.topic(NEWS), settings.topic(NEWS_FILED)
        self._counters = counters
        self._tracer = tracer
        self._reporter = Reporter(logger)
        self._writer = RecordWriter(settings)
        self._waiting: deque[EventT[Any]] = deque()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def read(self, events: AsyncIterable[EventT[bytes]]) -> None:
        """Read md.news."""
        async for event in events:
            self._waiting.append(event)
            self._filled.set()
            if len(self._waiting) >= MAX_WAITING:
                self._room.clear()
            await self._room.wait()

    async def run(self) -> None:
        """Send what waits, for ever."""
        try:
            while True:
                await self._filled.wait()
                events = list(self._waiting)
                await self._send([passing for event in events if (passing := self._pass(event)) is not None])
                for event in events:
                    self._waiting.popleft()
                    event.ack()
                self._room.set()
                if not self._waiting:
                    self._filled.clear()
        finally:
            await self._writer.close()

    async def _send(self, passing: list[Passing]) -> None:
        backoff = Backoff()
        while passing:
            if await self._writer.write(self._topic, 0, [each.record for each in passing]) is not None:
                for each in passing:
                    if each.span is not None:
                        each.span.end()
                return
            await asyncio.sleep(backoff.next_s())

    def _pass(self, event: EventT[Any]) -> Passing | None:
        message = event.message
        received_ms = records.received_ms(message.headers)
        if received_ms is None:
            # Another's record: when the broker took it, which is the same whenever it is read.
            received_ms = int(message.timestamp * 1000)
        try:
            read = article.read(message.value or b"", received_ms)
        except ValueError as error:
            self._counters.add("articles_rejected")
            self._reporter.warn("a record of md.news is no article", str(error))
            return None
        self._counters.add("articles_read")
        filing = Filing(read, Origin(message.partition, message.offset, received_ms))
        key, value = read.link.encode(), _encode(filing)
        span = self._tracer.follow(
            records.traceparent(message.headers),
            "relay",
            time.time_ns(),
            {"messaging.destination.name": self._source},
        )
        if span is None:
            return Passing((key, value), None)
        return Passing((key, value, [(records.TRACEPARENT, span.traceparent.encode())]), span)
