"""The widget data service as a whole: started and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, Self, cast

import uvicorn

from streams.errors import SettingsError, UnavailableError
from streams.settings import Settings
from streams.telemetry import Counters, quieten
from streams.tracing import make_tracer
from streams.wds import pauses
from streams.wds.allowance import Pace
from streams.wds.app import WidgetDataApp
from streams.wds.auth import Gate
from streams.wds.door import WAITING, Door, Hours
from streams.wds.feeder import Feeder
from streams.wds.listening import listen
from streams.wds.snapshots import Snapshots
from streams.wds.vitals import Vitals
from streams.wds.wire import Terms, Wire

STOP_TIMEOUT_S: Final = 3
"""Longest that clients get to say good-bye."""
START_POLL_S: Final = 0.01

logger: Final = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the command that runs the service has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class WidgetDataService:
    """The WDS. An async context manager.

    Args:
        settings: Addresses, keys and limits.

    Raises:
        SettingsError: Clients need a key and none is set, or a Redis URL is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        self.counters = Counters()
        self._settings = settings
        gate = Gate(settings)
        self._snapshots = Snapshots(settings, self.counters)
        self._tracer = make_tracer(settings, "wds")
        self._feeder = Feeder(settings, self._snapshots, self.counters, self._tracer)
        self._vitals = Vitals(settings, self._feeder, self._snapshots)
        self._app = WidgetDataApp(settings, gate, self._vitals, self._feeder, self._snapshots, self.counters)
        self._tasks: list[asyncio.Task[None]] = []
        self._server: uvicorn.Server | None = None
        self.port = settings.wds_port

    async def start(self) -> None:
        """Listen; returns when clients can connect. ``port`` is the true one from then on.

        Raises:
            StreamsError: The port is taken or not allowed.
            SettingsError: The certificate cannot be used.
        """
        self._server = _Server(self._config())
        sockets = listen(self._settings)
        self.port = sockets[0].getsockname()[1]
        self._tasks = [
            asyncio.create_task(self._server.serve(sockets=sockets), name="wds-server"),
            asyncio.create_task(self._feeder.run(), name="wds-feeder"),
            asyncio.create_task(self._app.watch_keys(), name="wds-keys"),
            asyncio.create_task(self._vitals.run(), name="wds-vitals"),
        ]
        while not self._server.started:
            if any(task.done() for task in self._tasks):
                await self.close()
                raise UnavailableError("the WDS did not start")
            await asyncio.sleep(START_POLL_S)
        scheme = "ws" if self._settings.wds_ssl_certfile is None else "wss"
        logger.info("serves %s://%s:%d/ws", scheme, self._settings.wds_host, self.port)

    async def wait(self) -> None:
        """Return, or raise, when a part of the service has ended by itself."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def close(self) -> None:
        """Let nobody in, send the clients away one after the other (close code 1012), and stop.

        Cancelled, it stops at once.
        """
        if self._server is not None and self._tasks:
            server = self._tasks[0]
            try:
                if not server.done():
                    await self._app.drain.run()
                    self._server.should_exit = True
                    await asyncio.wait([server])
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.wait(self._tasks)
                self._tasks = []
        await self._snapshots.close()
        await asyncio.to_thread(self._tracer.close)

    def _config(self) -> uvicorn.Config:
        settings = self._settings
        connections = settings.wds_max_clients + WAITING
        terms = Terms(settings.wds_compression_level > 0, Pace.of(settings), self.counters)
        hours = Hours(settings.wds_auth_timeout_s, settings.wds_slow_after_s, connections, self.counters)
        config = uvicorn.Config(
            self._app.asgi(),
            # uvicorn calls what it is given: a class with its first argument does as well.
            http=cast("Any", partial(Door, hours)),
            ws=cast("Any", partial(Wire, terms)),
            ws_max_size=settings.wds_max_message_bytes,
            ws_per_message_deflate=False,
            ws_ping_interval=settings.wds_ping_interval_s,
            ws_ping_timeout=settings.wds_ping_timeout_s,
            proxy_headers=bool(settings.wds_trusted_proxies),
            forwarded_allow_ips=settings.wds_trusted_proxies or None,
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
            ssl_certfile=settings.wds_ssl_certfile,
            ssl_keyfile=settings.wds_ssl_keyfile,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or type(error).__name__
            raise SettingsError(f"the certificate or its key cannot be used: {reason}") from None
        return config

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.close()


async def run(
    settings: Settings,
    stop: asyncio.Event,
    started: Callable[[int], None] | None = None,
) -> None:
    """Serve until ``stop`` is set.

    Args:
        settings: Addresses, keys and limits.
        stop: Ends the service, in order.
        started: Called with the port once clients can connect.

    Raises:
        StreamsError: The service cannot start.
    """
    async with WidgetDataService(settings) as service:
        pauses.shorten()
        for library in ("uvicorn", "websockets"):
            quieten(library)
        if started is not None:
            started(service.port)
        ended = asyncio.create_task(service.wait())
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
            if ended in done:
                ended.result()
        finally:
            ended.cancel()
            stopped.cancel()
