"""The simulator: stream, REST and source in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta
from types import TracebackType
from typing import Any, Final, Self

import uvicorn
from fastapi import FastAPI

from streams.errors import BadInputError, StreamsError
from streams.sessions import NEW_YORK, MarketCalendar, at
from streams.sim.admin import admin_router, newswire_router
from streams.sim.articles import ArticleWriter, SimArticle
from streams.sim.faults import Faults
from streams.sim.gate import Gate
from streams.sim.history import History
from streams.sim.hub import Hub
from streams.sim.news_recording import recorded_articles
from streams.sim.newswire import Newswire
from streams.sim.options import SimOptions
from streams.sim.pacing import Pacer
from streams.sim.ports import listen
from streams.sim.recording import Recording
from streams.sim.reference import FileReference, Reference, SyntheticReference
from streams.sim.rest import VendorRest
from streams.sim.rest_gate import RestGate
from streams.sim.sent import SentLog
from streams.sim.source import LiveSource, ReplaySource, Source
from streams.sim.splits import synthetic_splits
from streams.sim.symbols import make_listings
from streams.sim.tape import Tape
from streams.sim.websocket import StreamServer

DEFAULT_START: Final = time(9, 25)
STOP_TIMEOUT_S: Final = 3.0

_logger: Final = logging.getLogger(__name__)


class Simulator:
    """A vendor on this machine: an async context manager that serves while it is entered.

    Args:
        options: Its market, pace and ports.

    Attributes:
        finished: Set when a recording has been played to its end, or failed.
        error: Why a recording could not be played on.

    Raises:
        BadInputError: The options do not go together, or a file cannot be used.
    """

    def __init__(self, options: SimOptions) -> None:
        self.finished = asyncio.Event()
        self.error: StreamsError | None = None
        self._options = options
        self._calendar = MarketCalendar()
        self._hub = Hub()
        self._faults = Faults(self._hub)
        self._sent = SentLog()
        self._pacer = Pacer(options.speed)
        self._gates = Gate(is_open=not options.held), Gate(is_open=not options.held)
        self._live: LiveSource | None = None
        self._reference: Reference
        self._source: Source
        if options.input is None:
            self._source, self._reference = self._synthetic()
        else:
            reference = FileReference(options.reference, self._calendar, lambda: self._pacer.clock_ms)
            self._reference = reference
            self._source = ReplaySource(
                Recording(options.input),
                self._hub,
                self._pacer,
                self._faults,
                self._gates[0],
                loop=options.loop,
            )
        self._newswire = self._make_newswire()
        self._stream = StreamServer(options, self._hub, self._faults, self._sent)
        self._rest_address = ""
        self._rest_gate = RestGate(options.rest_calls_per_minute)
        self._stack = AsyncExitStack()

    @property
    def ws_url(self) -> str:
        """The WebSocket's base, ``ws://HOST:PORT``; a market's path follows."""
        return f"ws://{self._stream.address}"

    @property
    def rest_url(self) -> str:
        """The REST's base, ``http://HOST:PORT``."""
        return f"http://{self._rest_address}"

    @property
    def news_url(self) -> str:
        """The newswire's WebSocket, ``ws://HOST:PORT``."""
        return self._newswire.url

    @property
    def newswire(self) -> Newswire:
        """The newswire beside the market."""
        return self._newswire

    async def __aenter__(self) -> Self:
        """Start to serve.

        Raises:
            UnavailableError: A port is taken.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._stream)
            stack.push_async_callback(self._faults.stop)
            await stack.enter_async_context(self._newswire)
            await self._start_rest(stack)
            source = asyncio.create_task(self._run_source())
            stack.push_async_callback(_cancel, source)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to serve; connections are closed."""
        await self._stack.aclose()

    def status(self) -> dict[str, Any]:
        """Return what the simulator does: clock (ms), events and frames sent, by type, clients, pace."""
        hub = self._hub
        return {
            "mode": "replay" if self._live is None else "synthetic",
            "clock_ms": self._pacer.clock_ms,
            "events_sent": self._sent.by_type.total(),
            "frames_sent": self._sent.frames,
            "by_type": dict(self._sent.by_type),
            "clients": len(hub.sessions()),
            "sessions": hub.counters.by_reason("sessions"),
            "waiting_bytes": sum(session.waiting_bytes for session in hub.sessions()),
            "finished": self.finished.is_set(),
            "holding": self._gates[0].is_holding,
            "error": str(self.error) if self.error else None,
            "rate": self._live.rate if self._live else None,
            "speed": self._options.speed,
            "slips": self._pacer.slips,
            "rest": {"answered": dict(self._rest_gate.answered), "refused": self._rest_gate.refused},
            "news": self._newswire.status(),
        }

    def sent_bars(self, symbols: list[str]) -> list[tuple[str, int, int]]:
        """Return symbol, end (ms) and sending (ns since 1970 UTC) of the newest bars, oldest first."""
        return self._sent.of(symbols)

    def set_rate(self, rate: float) -> bool:
        """Change the rate from the market second after next; return False in a replay, which has none."""
        if self._live is None:
            return False
        self._live.rate = rate
        return True

    def play_until(self, frames: int | None, articles: int | None) -> bool:
        """Let recordings go on up to these numbers of frames and articles, counted from their beginnings.

        Args:
            frames: Of the market; None for all.
            articles: Of the newswire; None for all.

        Returns:
            False where the market is a synthetic one, which cannot wait.
        """
        if self._live is not None:
            return False
        for gate, count in zip(self._gates, (frames, articles), strict=True):
            gate.open_until(count)
        return True

    def _synthetic(self) -> tuple[LiveSource, SyntheticReference]:
        options, calendar = self._options, self._calendar
        if not options.speed:
            raise BadInputError("speed 0 plays a recording; a synthetic market needs a speed above 0")
        if options.held:
            raise BadInputError("a recording can be held; a synthetic market goes on")
        if options.reference is not None:
            raise BadInputError("a reference file goes with a recording; the synthetic market has its own")
        start_ms = start_time(options.start, calendar)
        listings = make_listings(options.symbols, options.seed)
        first_day = calendar.day_at(start_ms).date
        history = History(listings, first_day, seed=options.seed, calendar=calendar)
        tape = Tape(
            listings,
            history.closes,
            seed=options.seed,
            start_ms=start_ms,
            halts_per_hour=options.halts_per_hour,
            calendar=calendar,
        )
        self._live = LiveSource(
            tape, self._hub, self._pacer, self._faults, rate=options.rate, speed=options.speed
        )
        splits = synthetic_splits(listings, first_day, seed=options.seed, calendar=calendar)
        return self._live, SyntheticReference(listings, history, tape, calendar, splits)

    def _make_newswire(self) -> Newswire:
        options = self._options
        articles: Iterable[SimArticle] = ()
        if options.news is not None:
            articles = recorded_articles(options.news)
        elif options.input is None and options.news_rate:
            articles = ArticleWriter(
                make_listings(options.symbols, options.seed),
                seed=options.seed,
                start_ms=start_time(options.start, self._calendar),
                per_minute=options.news_rate,
            )
        return Newswire(
            options.host,
            options.news_port,
            options.news_api_key,
            articles,
            speed=options.speed,
            is_recorded=options.news is not None,
            gate=self._gates[1],
        )

    async def _run_source(self) -> None:
        try:
            await self._source.run()
        except StreamsError as error:
            self.error = error
            _logger.error("%s", error)  # noqa: TRY400  one line for people, no traceback
        finally:
            self.finished.set()

    async def _start_rest(self, stack: AsyncExitStack) -> None:
        app = FastAPI(title="Market simulator", docs_url=None, redoc_url=None)
        gate, key = self._rest_gate, self._options.api_key
        app.include_router(VendorRest(self._reference, self._calendar, key, gate).router)
        app.include_router(
            admin_router(
                self._hub, self._faults, gate, self._sent, self.status, self.set_rate, self.play_until
            )
        )
        app.include_router(newswire_router(self._newswire))
        socket = stack.enter_context(listen(self._options.host, self._options.rest_port))
        host, port = socket.getsockname()[:2]
        self._rest_address = f"{host}:{port}"
        server = _RestServer(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        )
        serving = asyncio.create_task(server.serve(sockets=[socket]))

        async def stop() -> None:
            server.should_exit = True
            await asyncio.wait([serving], timeout=STOP_TIMEOUT_S)
            await _cancel(serving)

        stack.push_async_callback(stop)


class _RestServer(uvicorn.Server):
    """A server that leaves signals to the process that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def start_time(start: datetime | None, calendar: MarketCalendar) -> int:
    """Return when the synthetic market starts, ms since 1970 UTC.

    Args:
        start: What was asked for, in New York where it has no zone; None for 09:25 ET of the last session
            that is wholly in the past.
        calendar: The market's sessions.
    """
    if start is not None:
        return int((start if start.tzinfo else start.replace(tzinfo=NEW_YORK)).timestamp() * 1_000)
    now = datetime.now(UTC)
    tomorrow = now.astimezone(NEW_YORK).date() + timedelta(days=1)
    day: date = calendar.previous_session(tomorrow)
    while calendar.day(day).after_hours_end_ms > now.timestamp() * 1_000:
        day = calendar.previous_session(day)
    return at(day, DEFAULT_START)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
