"""The widget data service as a whole: started and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Final, Self

import uvicorn

from streams.errors import StreamsError, UnavailableError
from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.app import WidgetDataApp
from streams.wds.auth import Gate
from streams.wds.feeder import Feeder
from streams.wds.snapshots import Snapshots
from streams.wds.wire import Wire

STOP_TIMEOUT_S: Final = 3
"""Longest that clients get to say good-bye."""
START_POLL_S: Final = 0.01
BACKLOG: Final = 2_048

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
        settings: Addresses, key and limits.

    Raises:
        SettingsError: Clients need a key and none is set, or a Redis URL is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        self.counters = Counters()
        self._settings = settings
        gate = Gate(settings)
        self._snapshots = Snapshots(settings, self.counters)
        self._feeder = Feeder(settings, self._snapshots, self.counters)
        self._app = WidgetDataApp(settings, gate, self._feeder, self._snapshots, self.counters)
        self._tasks: list[asyncio.Task[None]] = []
        self._server: uvicorn.Server | None = None
        self.port = settings.wds_port

    async def start(self) -> None:
        """Listen; returns when clients can connect. ``port`` is the true one from then on.

        Raises:
            StreamsError: The port is taken or not allowed.
        """
        listening = self._listen()
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app.asgi(),
            http="httptools",
            ws=Wire,
            ws_max_size=self._settings.wds_max_message_bytes,
            ws_per_message_deflate=False,
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
        )
        self._server = _Server(config)
        self._tasks = [
            asyncio.create_task(self._feeder.run(), name="wds-feeder"),
            asyncio.create_task(self._server.serve(sockets=[listening]), name="wds-server"),
        ]
        while not self._server.started:
            if any(task.done() for task in self._tasks):
                await self.close()
                raise UnavailableError("the WDS did not start")
            await asyncio.sleep(START_POLL_S)
        logger.info("serves ws://%s:%d/ws", self._settings.wds_host, self.port)

    async def wait(self) -> None:
        """Return, or raise, when a part of the service has ended by itself."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def close(self) -> None:
        """Tell the clients (close code 1012) and stop."""
        if self._server is not None and self._tasks:
            feeder, server = self._tasks
            self._server.should_exit = True
            await asyncio.wait([server])
            feeder.cancel()
            await asyncio.wait([feeder])
            self._tasks = []
        await self._snapshots.close()

    def _listen(self) -> socket.socket:
        host, port = self._settings.wds_host, self._settings.wds_port
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listening = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise StreamsError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            raise StreamsError(
                f"cannot listen on {host}:{port}: {error.strerror} (WDS_PORT chooses another)"
            ) from None
        return listening

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.close()


async def run(settings: Settings, stop: asyncio.Event, started: Callable[[int], None] | None = None) -> None:
    """Serve until ``stop`` is set.

    Args:
        settings: Addresses, key and limits.
        stop: Ends the service, in order.
        started: Called with the port once clients can connect.

    Raises:
        StreamsError: The service cannot start.
    """
    async with WidgetDataService(settings) as service:
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
