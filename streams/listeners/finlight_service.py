"""The Finlight listener as a process: connection, producer and control API put together."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import asdict
from typing import Annotated, Any, Final, Self

import msgspec

from streams.errors import BadInputError
from streams.listeners import figures
from streams.listeners.finlight import SOURCE, FinlightConnection, Stream, Target
from streams.listeners.producer import RecordProducer
from streams.listeners.record import Record
from streams.listeners.service import CLOSE_S, SessionNow, serve_listener
from streams.listeners.supervisor import State, Supervisor
from streams.records import partition_of
from streams.sessions import Session
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.topics import NEWS, UNKNOWN
from streams.tracing import make_tracer
from streams.usage import usage
from streams.version import VERSION

logger = logging.getLogger(__name__)

EXCERPT_BYTES: Final = 80
"""How much of an unusable item a log line shows."""

Text = Annotated[str, msgspec.Meta(min_length=1, pattern=r"\S")]


class _Head(msgspec.Struct):
    """What every article must have."""

    link: Annotated[str, msgspec.Meta(min_length=1, max_length=8_192, pattern=r"\S")]
    title: Text


_head: Final = msgspec.json.Decoder(_Head).decode


class FinlightListener:
    """The listener of Finlight's WebSocket. Use it as an async context manager.

    Args:
        settings: What to connect to, and bounds.
        session_now: The session of the market now: it decides how fast to reconnect.
    """

    name = SOURCE

    def __init__(self, settings: Settings, session_now: SessionNow) -> None:
        self._settings = settings
        self._session_now = session_now
        self.counters = Counters()
        self._started_s = time.monotonic()
        self._reporter = Reporter(logger)
        self._tracer = make_tracer(settings, f"{SOURCE}-listener")
        self._producer = RecordProducer(settings, SOURCE, self.counters, self._tracer)
        self._connection = FinlightConnection(settings, self._accept, self._keep_unknown, self.counters)
        self._supervisor = Supervisor(self._connection.connect, settings, self._is_market_open, self.counters)
        self._unknown = 0
        figures.watch(
            self.counters, self._supervisor, self._producer, lambda: self._connection.last_message_at
        )

    async def __aenter__(self) -> Self:
        """Begin: to Kafka at once, to the vendor where the settings say so."""
        self._producer.start()
        if self._settings.listener_autostart:
            await self._supervisor.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End: disconnect first, then bring on what has arrived."""
        await self._supervisor.stop()
        await self._producer.close(CLOSE_S)
        await asyncio.to_thread(self._tracer.close)

    async def start(self) -> bool:
        """Connect to the vendor; return False where it was started before."""
        return await self._supervisor.start()

    async def stop(self) -> bool:
        """Disconnect from the vendor; return False where it was stopped before."""
        return await self._supervisor.stop()

    async def restart(self) -> None:
        """Connect to the vendor anew."""
        await self._supervisor.restart()

    async def retarget(self, feed: str | None = None, market: str | None = None) -> None:
        """Use another address or stream (``raw`` or ``enhanced``), and reconnect where it is started.

        Raises:
            BadInputError: The vendor has none such.
        """
        now = self._connection.target
        if market is not None and market not in set(Stream):
            raise BadInputError(f"stream {market!r} is none of {', '.join(Stream)}")
        stream = now.stream if market is None else Stream(market)
        await self._aim(Target(feed or now.feed, stream, now.tickers))

    async def subscribe(self, subscriptions: list[str]) -> None:
        """Ask for articles that name these tickers only; ``*`` for all. The vendor hears it when it connects.

        Raises:
            BadInputError: The stream cannot choose by ticker.
        """
        now = self._connection.target
        tickers = () if "*" in subscriptions else tuple(dict.fromkeys(subscriptions))
        await self._aim(Target(now.feed, now.stream, tickers))

    def health(self) -> dict[str, Any]:
        """Return how the listener stands; ``healthy`` says whether data can flow from the vendor to Kafka."""
        connection = self._supervisor.status()
        kafka = self._producer.status()
        last = self._connection.last_message_at
        target = self._connection.target
        return {
            "healthy": connection.state is State.CONNECTED and kafka.connected,
            "version": VERSION,
            "uptime_s": round(time.monotonic() - self._started_s, 1),
            **asdict(connection),
            "last_message_age_s": None if last is None else round(time.monotonic() - last, 3),
            "feed": target.feed,
            "market": target.stream,
            "subscriptions": list(target.tickers) or ["*"],
            "session": self._session_now(),
            "kafka": asdict(kafka),
            "usage": usage(),
            **self.counters.report(),
        }

    async def wait(self, stop: asyncio.Event) -> None:
        """Wait until ``stop`` is set."""
        await stop.wait()

    async def _aim(self, target: Target) -> None:
        self._connection.target = target
        if self._supervisor.status().state is not State.STOPPED:
            await self._supervisor.restart()

    async def _accept(self, article: bytes) -> None:
        """Send one article, as it is, under its link."""
        try:
            link = _head(article).link.strip()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._keep_unknown("bad_article", article)
            return
        partition = partition_of(link, self._settings.partitions(NEWS))
        self._producer.put(Record(NEWS, partition, article, 1, time.time_ns(), link.encode()))
        self.counters.add("articles")
        await self._producer.room()

    def _keep_unknown(self, reason: str, item: bytes) -> None:
        self.counters.add("unknown", reason=reason)
        excerpt = ascii(item[:EXCERPT_BYTES].decode("utf-8", "replace"))
        self._reporter.warn(f"not usable, kept in md.{UNKNOWN.suffix}: {reason}", excerpt)
        self._producer.put(
            Record(UNKNOWN, self._unknown % self._settings.partitions(UNKNOWN), item, 1, time.time_ns())
        )
        self._unknown += 1

    def _is_market_open(self) -> bool:
        return self._session_now() is not Session.CLOSED


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Run the Finlight listener and its control API until ``stop`` is set.

    Neither Kafka nor the vendor need to be there: it stays up, keeps trying, and says so on /health.

    Raises:
        UnavailableError: The port of the control API is taken.
        BadInputError: A setting names what cannot be used.
    """
    await serve_listener(FinlightListener, settings, settings.finlight_listener_port, stop)
