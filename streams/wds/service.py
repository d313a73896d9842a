"""The widget data service as a whole: started and stopped in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Final, Self

import uvicorn

from streams import web_server
from streams.settings import Settings
from streams.telemetry import Counters, quieten
from streams.tracing import make_tracer
from streams.wds import open_files, pauses
from streams.wds.allowance import Pace
from streams.wds.app import WidgetDataApp
from streams.wds.auth import Gate
from streams.wds.door import WAITING, Door, Hours
from streams.wds.feeder import Feeder
from streams.wds.listening import listen
from streams.wds.snapshots import Snapshots
from streams.wds.vitals import Vitals
from streams.wds.wire import Terms, Wire
from streams.web_server import WebServer

STOP_TIMEOUT_S: Final = 3
"""Longest that clients get to say good-bye."""

logger: Final = logging.getLogger(__name__)


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
        self._server: WebServer | None = None
        self.port = settings.wds_port

    async def start(self) -> None:
        """Listen; returns when clients can connect. ``port`` is the true one from then on.

        Raises:
            StreamsError: The port is taken or not allowed.
            SettingsError: The certificate cannot be used.
        """
        self._server = WebServer(self._config())
        sockets = listen(self._settings)
        self.port = sockets[0].getsockname()[1]
        self._tasks = [
            asyncio.create_task(self._server.serve(sockets=sockets), name="wds-server"),
            asyncio.create_task(self._feeder.run(), name="wds-feeder"),
            asyncio.create_task(self._app.watch_keys(), name="wds-keys"),
            asyncio.create_task(self._vitals.run(), name="wds-vitals"),
        ]
        try:
            await web_server.until_started(self._server, self._tasks, "WDS")
        except BaseException:
            await self.close()
            raise
        scheme = "ws" if self._settings.wds_ssl_certfile is None else "wss"
        logger.info("serves %s://%s:%d/ws", scheme, self._settings.wds_host, self.port)

    async def wait(self) -> None:
        """Return, or raise, when a part of the service has ended by itself."""
        await web_server.until_one_ends(self._tasks)

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
        return web_server.configured(
            self._app.asgi(),
            settings.wds_trusted_proxies,
            (settings.wds_ssl_certfile, settings.wds_ssl_keyfile),
            STOP_TIMEOUT_S,
            # uvicorn calls what it is given: a class with its first argument does as well.
            http=partial(Door, hours),
            ws=partial(Wire, terms),
            ws_max_size=settings.wds_max_message_bytes,
            ws_per_message_deflate=False,
            ws_ping_interval=settings.wds_ping_interval_s,
            ws_ping_timeout=settings.wds_ping_timeout_s,
        )

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
    open_files.allow(settings.wds_max_clients + WAITING)
    async with WidgetDataService(settings) as service:
        pauses.shorten()
        for library in ("uvicorn", "websockets"):
            quieten(library)
        if started is not None:
            started(service.port)
        watching = asyncio.create_task(service.wait())
        try:
            await web_server.until_stopped(stop, watching)
        finally:
            watching.cancel()
