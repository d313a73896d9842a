"""A demo from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final

from streams.demo.leftovers import leftovers
from streams.demo.options import DemoOptions
from streams.demo.readings import READ_S, Reader, Reading
from streams.demo.report import Report
from streams.demo.screen import View
from streams.demo.spectator import BOARDS, Spectator
from streams.demo.stage import Stage
from streams.demo.status import Status
from streams.demo.usage import Usage
from streams.errors import BadInputError, StreamsError
from streams.redis_link import address
from streams.settings import Settings

DRAIN_S: Final = 2.0
"""How long what was sent may take to its end, once the market has halted …"""
DRAIN_IN_HASTE_S: Final = 1.0
"""… and where somebody waits for the end."""
DRAIN_POLL_S: Final = 0.05
QUIET_S: Final = 2.5
"""Boards that have not changed for this long are final: they are published each second."""


class Demo:
    """One run.

    Args:
        options: What to run.
        settings: What the environment says.
        view: Shows what happens.
        tells_end: Whether the recording's end is told of, with the boards' heads.
        ends_itself: Whether the run ends when the recording is through.
    """

    def __init__(
        self,
        options: DemoOptions,
        settings: Settings,
        view: View,
        *,
        tells_end: bool = False,
        ends_itself: bool = False,
    ) -> None:
        self._options = options
        self._settings = settings
        self._view = view
        self._tells_end = tells_end
        self._ends_itself = ends_itself
        self._stage = Stage(options, settings, view.say)
        self._reader = Reader(self._stage)
        self._spectator = Spectator(self._stage.wds_url, self._stage.key, self._stage.simulator_url("sent"))
        self._usage = Usage()
        self._began = 0.0
        self._start_seconds = 0.0
        self._last_board: tuple[int, float] = (0, 0.0)

    async def run(self, stop: asyncio.Event) -> Report | None:
        """Run until ``stop`` is set, the time is over, or the recording is through.

        Returns:
            What came of it; None where it was stopped before it was up.

        Raises:
            StreamsError: Something cannot be started, or ended for good. All is stopped first.
        """
        started = time.monotonic()
        try:
            if not await _unless(stop, self._stage.start(scanners_only=True)):
                return None
            self._start_seconds = time.monotonic() - started
            async with self._spectating() as watching:
                await self._open_market(watching)
                await self._stage.start_other_workers()
                reading = await self._watch(stop, watching)
            seconds = time.monotonic() - self._began
            reading = await self._drain(DRAIN_IN_HASTE_S if stop.is_set() else DRAIN_S)
            self._usage.look(self._stage.pids)
        finally:
            self._view.end()
            if self._stage.all_pids:
                self._view.say("stopping")
            await self._stage.stop()
        return await self._report(reading, seconds)

    async def _open_market(self, watching: asyncio.Task[None]) -> None:
        ready = asyncio.create_task(self._spectator.until_ready())
        await asyncio.wait([ready, watching], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        _raise_first(watching)
        self._usage = Usage()
        self._began = time.monotonic()
        await self._stage.open_market()

    async def _watch(self, stop: asyncio.Event, watching: asyncio.Task[None]) -> Reading:
        self._view.begin(self._addresses())
        while True:
            reading = await self._reader.read()
            self._usage.look(self._stage.pids)
            self._view.show(self._status(reading))
            if reading.error is not None:
                raise BadInputError(reading.error)
            _raise_first(watching)
            if self._is_over(reading) or await _is_set_within(stop, READ_S):
                return reading

    async def _drain(self, patience_s: float) -> Reading:
        await self._stage.halt_market()
        deadline = time.monotonic() + patience_s
        while True:
            reading = await self._reader.read()
            if reading.is_drained or time.monotonic() > deadline:
                return reading
            await asyncio.sleep(DRAIN_POLL_S)

    def _is_over(self, reading: Reading) -> bool:
        seconds = self._options.seconds
        if seconds is not None and time.monotonic() - self._began >= seconds:
            return True
        if not self._tells_end or not self._is_final(reading):
            return False
        self._tells_end = False
        self._tell_boards()
        return self._ends_itself

    def _is_final(self, reading: Reading) -> bool:
        updates = self._spectator.board_updates
        if updates != self._last_board[0]:
            self._last_board = (updates, time.monotonic())
        still = time.monotonic() - max(self._last_board[1], self._began) >= QUIET_S
        return reading.finished and reading.is_drained and still

    def _tell_boards(self) -> None:
        self._view.end()
        self._view.say("the recording is through; the boards' heads:")
        for feed in BOARDS:
            heads = ", ".join(
                f"{row.rank} {row.symbol} {row.close:g}" for row in self._spectator.board(feed)[:10]
            )
            self._view.say(f"  {feed.key()}: {heads or 'nobody is ranked'}")
        if not self._ends_itself:
            self._view.say(f"still there for clients at {self._stage.wds_url}; Ctrl-C ends it")

    def _status(self, reading: Reading) -> Status:
        spectator = self._spectator
        p50, p99 = spectator.latency.percentiles(50, 99)
        return Status(
            seconds=reading.at - self._began,
            reading=reading,
            rates=self._reader.rates(reading, spectator.board_updates),
            p50_ms=p50,
            p99_ms=p99,
            board_updates=spectator.board_updates,
            boards={feed: spectator.board(feed) for feed in BOARDS},
            restarts=self._stage.keeper.restarts,
        )

    @contextlib.asynccontextmanager
    async def _spectating(self) -> AsyncIterator[asyncio.Task[None]]:
        watching = asyncio.create_task(self._spectator.run(self._stage.probe))
        try:
            yield watching
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def _addresses(self) -> list[tuple[str, str]]:
        stage, url = self._stage, self._stage.wds_url
        watch = f"streams watch scanners:top_gappers --url {url}"
        if stage.key is None:
            key = "none needed"
        elif stage.key_is_made:
            key = stage.key.get_secret_value()
            watch += f" --key {key}"
        else:
            key = "that of AUTH_API_KEY"
        dashboard = [] if stage.scp is None else [("dashboard", stage.scp.health_url.removesuffix("health"))]
        return [
            *dashboard,
            ("WebSocket", f"{url}   key: {key}"),
            ("try", watch),
            ("WDS health", stage.wds.health_url),
            ("listener health", stage.listener.health_url),
            ("worker health", "  ".join(worker.health_url for worker in stage.workers)),
            ("simulator", stage.simulator.health_url),
            ("Kafka", stage.stack.bootstrap),
            ("Redis", "  ".join(address(url) for url in stage.redis_urls)),
        ]

    async def _report(self, reading: Reading, seconds: float) -> Report:
        stage, market = self._stage, self._options.market
        left = await asyncio.to_thread(leftovers, stage.all_pids, stage.ports)
        p50, p99 = self._spectator.latency.percentiles(50, 99)
        account = reading.account
        return Report(
            events_in=account.events_in,
            events_processed=account.events_processed,
            in_flight=account.in_flight,
            dropped=account.dropped,
            ignored=account.ignored,
            board_updates=self._spectator.board_updates,
            latency_ms={"p50": _rounded(p50), "p99": _rounded(p99)},
            latency_samples=self._spectator.latency.count,
            seconds=round(seconds, 2),
            start_seconds=round(self._start_seconds, 2),
            symbols=market.symbols if market.input is None else None,
            workers=self._options.workers,
            restarts=stage.keeper.restarts,
            cpu_percent=self._usage.cpu_percent(),
            resident_mb=self._usage.resident_mb,
            stopped_clean=not left,
            left=left,
        )


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do ``work`` and return True; end it and return False if ``stop`` is set meanwhile."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
        return False
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


async def _is_set_within(stop: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()


def _raise_first(watching: asyncio.Task[None]) -> None:
    if not watching.done():
        return
    try:
        watching.result()
    except BaseExceptionGroup as group:
        errors, others = group.split(StreamsError)
        if errors is None or others is not None:
            raise
        raise errors.exceptions[0] from None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
