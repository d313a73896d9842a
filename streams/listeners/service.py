"""The Massive listener as a process: connection, intake, producer and control API put together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, Protocol, Self

from streams.listeners import figures
from streams.listeners.control import Controllable, bind, make_app, serve
from streams.listeners.intake import Intake
from streams.listeners.massive import SOURCE, MassiveConnection, Target
from streams.listeners.producer import RecordProducer
from streams.listeners.rates import Rates
from streams.listeners.supervisor import State, Supervisor
from streams.sessions import MarketCalendar, Session
from streams.settings import Settings
from streams.telemetry import Counters
from streams.tracing import make_tracer
from streams.usage import usage
from streams.version import VERSION

logger = logging.getLogger(__name__)

SAMPLE_S: Final = 1.0
CLOSE_S: Final = 3.0
"""How long the end of the listener may wait for Kafka."""

SessionNow = Callable[[], Session]


def us_equity_session() -> SessionNow:
    """Return what tells the session of the US equity market now, by the wall clock."""
    calendar = MarketCalendar()

    def session_now() -> Session:
        now_ms = time.time_ns() // 1_000_000
        return calendar.day_at(now_ms).session_at(now_ms)

    return session_now


class MassiveListener:
    """The listener of Massive's WebSocket. Use it as an async context manager.

    Args:
        settings: What to connect to, and bounds.
        session_now: The session of the market now: it decides how fast to reconnect, and whether silence is
            a fault.
    """

    name = SOURCE

    def __init__(self, settings: Settings, session_now: SessionNow) -> None:
        self._settings = settings
        self._session_now = session_now
        self.counters = Counters()
        self._started_s = time.monotonic()
        self._tracer = make_tracer(settings, f"{SOURCE}-listener")
        self._producer = RecordProducer(settings, SOURCE, self.counters, self._tracer)
        self._connection = MassiveConnection(settings, self._accept, self._is_data_expected, self.counters)
        self._intake = Intake(
            settings, self._producer.put, self._producer.room, self._connection.on_status, self.counters
        )
        self._supervisor = Supervisor(self._connection.connect, settings, self._is_market_open, self.counters)
        self._rates = Rates()
        self._tasks: list[asyncio.Task[None]] = []
        figures.watch(self.counters, self._supervisor, self._producer, lambda: self._intake.last_frame_at)
        self.counters.watch("handover_fill", lambda: self._intake.fill_percent / 100)

    async def __aenter__(self) -> Self:
        """Begin: to Kafka at once, to the vendor where the settings say so."""
        self._producer.start()
        self._tasks = [
            asyncio.create_task(self._intake.run(), name="intake"),
            asyncio.create_task(self._sample(), name="rates"),
        ]
        if self._settings.listener_autostart:
            await self._supervisor.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End: disconnect first, then bring on what has arrived."""
        await self._supervisor.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._intake.close()
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
        """Use another feed or market from now on, and reconnect where it is started.

        Raises:
            BadInputError: The vendor has none such.
        """
        now = self._connection.target
        self._connection.target = Target(feed or now.feed, market or now.market, now.subscriptions)
        if self._supervisor.status().state is not State.STOPPED:
            await self._supervisor.restart()

    async def subscribe(self, subscriptions: list[str]) -> None:
        """Replace the subscriptions, on the running connection too.

        Raises:
            BadInputError: One of them is no channel.
        """
        self._connection.subscribe(tuple(dict.fromkeys(subscriptions)))

    def health(self) -> dict[str, Any]:
        """Return how the listener stands; ``healthy`` says whether data can flow from the vendor to Kafka."""
        connection = self._supervisor.status()
        kafka = self._producer.status()
        last = self._intake.last_frame_at
        target = self._connection.target
        return {
            "healthy": connection.state is State.CONNECTED and kafka.connected,
            "version": VERSION,
            "uptime_s": round(time.monotonic() - self._started_s, 1),
            **asdict(connection),
            "last_frame_age_s": None if last is None else round(time.monotonic() - last, 3),
            "event_delay_s": None if (delay_s := self._intake.event_delay_s) is None else round(delay_s, 3),
            "feed": target.feed,
            "market": target.market,
            "subscriptions": list(target.subscriptions),
            "session": self._session_now(),
            "kafka": asdict(kafka),
            "handover_fill_percent": self._intake.fill_percent,
            "events_per_s": self._rates.per_second(),
            "usage": usage(),
            **self.counters.report(),
        }

    async def wait(self, stop: asyncio.Event) -> None:
        """Wait until ``stop`` is set; raise what has ended a part of the listener before that."""
        stopping = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopping, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in done:
            task.result()

    async def _accept(self, frame: bytes) -> None:
        await self._intake.accept(frame)

    def _is_market_open(self) -> bool:
        return self._connection.target.market != "stocks" or self._session_now() is not Session.CLOSED

    def _is_data_expected(self) -> bool:
        """Whether something must come all the time: wildcard channels, in regular trading."""
        target = self._connection.target
        return any(channel.endswith(".*") for channel in target.subscriptions) and (
            target.market != "stocks" or self._session_now() is Session.REGULAR
        )

    async def _sample(self) -> None:
        while True:
            self._rates.sample(time.monotonic(), self.counters.by_reason("events"))
            await asyncio.sleep(SAMPLE_S)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Run the Massive listener and its control API until ``stop`` is set.

    Neither Kafka nor the vendor need to be there: it stays up, keeps trying, and says so on /health.

    Raises:
        UnavailableError: The port of the control API is taken.
        BadInputError: A setting names a feed, market or channel that cannot be used.
    """
    await serve_listener(MassiveListener, settings, settings.listener_port, stop)


class Listener(Controllable, Protocol):
    """A listener as a process runs it: an async context manager with a control API."""

    async def __aenter__(self) -> Self:
        """Begin."""

    async def __aexit__(self, *_: object) -> None:
        """End."""

    async def wait(self, stop: asyncio.Event) -> None:
        """Wait until ``stop`` is set; raise what has ended a part of the listener before that."""


async def serve_listener(
    make: Callable[[Settings, SessionNow], Listener], settings: Settings, port: int, stop: asyncio.Event
) -> None:
    """Run a listener and its control API on ``port`` until ``stop`` is set.

    Raises:
        UnavailableError: The port of the control API is taken.
        BadInputError: A setting names what cannot be used.
    """
    # aiokafka logs each failed try; the producer says once that Kafka is away.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    listening = bind(settings.listener_host, port)
    with contextlib.closing(listening):
        session_now = await asyncio.to_thread(us_equity_session)
        async with make(settings, session_now) as listener, serve(make_app(listener), listening):
            logger.info("control API on http://%s:%d", *listening.getsockname()[:2])
            await listener.wait(stop)
