"""Keeps one connection to a vendor alive: connects, waits out failures, never gives up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from streams.backoff import Backoff
from streams.errors import StreamsError
from streams.settings import Settings
from streams.telemetry import Counters

logger = logging.getLogger(__name__)

STOP_S: Final = 3.0
"""How long a connection may take to close before it is left behind."""


class State(StrEnum):
    """How a listener's connection stands."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    BACKING_OFF = "backing_off"
    AUTH_FAILED = "auth_failed"


class ConnectionLostError(StreamsError):
    """The connection ended or was never made; the message says why, without secrets.

    Args:
        message: Why.
        retry_after_s: How long the vendor wants to be left alone, in seconds.
    """

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class AuthFailedError(ConnectionLostError):
    """The vendor does not accept the key."""


Connect = Callable[[Callable[[], None]], Awaitable[None]]
"""Connects and runs until the connection ends. It calls its argument once the vendor has let it in, and at
the end raises ConnectionLostError, or returns after a clean close."""


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """How a supervised connection stands.

    Attributes:
        state: What it is doing.
        connected_since: When the running connection was let in, s since 1970 UTC; None where there is none.
        last_error: Why the last connection ended, None where none has.
        last_error_at: When, s since 1970 UTC.
        reconnects: How often it has connected again since the process began.
        retry_in_s: Seconds until the next try, None where none is due.
    """

    state: State
    connected_since: float | None
    last_error: str | None
    last_error_at: float | None
    reconnects: int
    retry_in_s: float | None


class Supervisor:
    """Runs ``connect`` for ever, between ``start`` and ``stop``; two who say so at once are obeyed in turn.

    While the market is open it is back soon, and says at WARNING what went wrong; while it is closed it takes
    its time and says so at INFO. Delays start over once a connection has been stable.

    Args:
        connect: Connects and runs until the connection ends.
        settings: Delays.
        is_market_open: Tells whether the market is open now.
        counters: Where connections and their ends are counted.
    """

    def __init__(
        self,
        connect: Connect,
        settings: Settings,
        is_market_open: Callable[[], bool],
        counters: Counters,
    ) -> None:
        self._connect = connect
        self._settings = settings
        self._is_market_open = is_market_open
        self._counters = counters
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._state = State.STOPPED
        self._connected_at: float | None = None
        self._connected_since: float | None = None
        self._last_error: str | None = None
        self._last_error_at: float | None = None
        self._retry_at: float | None = None
        self._connections = 0

    def status(self) -> SupervisorStatus:
        """Return how the connection stands."""
        return SupervisorStatus(
            state=self._state,
            connected_since=self._connected_since,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
            reconnects=max(0, self._connections - 1),
            retry_in_s=None if self._retry_at is None else max(0.0, self._retry_at - time.monotonic()),
        )

    async def start(self) -> bool:
        """Begin to connect; return False where it has begun before."""
        async with self._turn:
            return self._start()

    async def stop(self) -> bool:
        """Close the connection and stay away; return False where it was stopped before."""
        async with self._turn:
            return await self._stop()

    async def restart(self) -> None:
        """Close the connection, if any, and connect again at once."""
        async with self._turn:
            await self._stop()
            self._start()

    def _start(self) -> bool:
        if self._task is not None:
            return False
        self._state = State.CONNECTING
        self._task = asyncio.create_task(self._run(), name="supervisor")
        return True

    async def _stop(self) -> bool:
        task, self._task = self._task, None
        if task is None:
            return False
        task.cancel()
        await asyncio.wait([task], timeout=STOP_S)
        self._left(State.STOPPED)
        return True

    async def _run(self) -> None:
        backoffs = {
            True: Backoff(self._settings.reconnect_first_s, self._settings.reconnect_longest_s),
            False: Backoff(self._settings.reconnect_first_s, self._settings.reconnect_closed_longest_s),
        }
        while True:
            error = await self._connect_once()
            is_open = self._is_market_open()
            was_stable = self._was_stable()
            self._left(State.AUTH_FAILED if isinstance(error, AuthFailedError) else State.BACKING_OFF)
            if was_stable:
                for backoff in backoffs.values():
                    backoff.reset()
            if isinstance(error, AuthFailedError):
                # A wrong key does not mend by itself soon, and trying on may get the account locked.
                delay = self._settings.reconnect_closed_longest_s
            else:
                delay = max(backoffs[is_open].next_s(), error.retry_after_s)
            self._last_error, self._last_error_at = str(error), time.time()
            self._counters.add("disconnects", reason=type(error).__name__)
            logger.log(
                logging.WARNING if is_open or isinstance(error, AuthFailedError) else logging.INFO,
                "%s; next try in %.1f s%s",
                error,
                delay,
                "" if is_open else " (the market is closed)",
            )
            self._retry_at = time.monotonic() + delay
            await asyncio.sleep(delay)

    async def _connect_once(self) -> ConnectionLostError:
        self._state = State.CONNECTING
        self._retry_at = None
        try:
            await self._connect(self._entered)
        except ConnectionLostError as error:
            return error
        return ConnectionLostError("the vendor closed the connection")

    def _entered(self) -> None:
        self._state = State.CONNECTED
        self._connected_at = time.monotonic()
        self._connected_since = time.time()
        self._connections += 1
        self._counters.add("connections")

    def _was_stable(self) -> bool:
        return (
            self._connected_at is not None
            and time.monotonic() - self._connected_at >= self._settings.reconnect_stable_s
        )

    def _left(self, state: State) -> None:
        self._state = state
        self._connected_at = None
        self._connected_since = None
        self._retry_at = None
