"""What is Massive's own: its client, its statuses, its feeds and markets.

Each connection is one run of the vendor's ``WebSocketClient``, made so that every end of it comes back here:
a clean close returns, an error raises (``max_reconnects=0``), and so does a connection that cannot be made
(``reconnect_delays``), which the client would otherwise retry on its own without a word.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import msgspec
from massive import WebSocketClient
from massive.exceptions import AuthError
from massive.websocket.models import Market
from websockets.asyncio.client import ClientConnection

from streams.errors import BadInputError, SettingsError
from streams.listeners.split import STATUS, Status
from streams.listeners.supervisor import AuthFailedError, ConnectionLostError
from streams.settings import Settings
from streams.telemetry import Counters, Reporter

logger = logging.getLogger(__name__)

SOURCE: Final = "massive"
OPEN_TIMEOUT_S: Final = 10.0
ENTER_TIMEOUT_S: Final = 15.0
"""How long the vendor may take to let the connection in."""
PING_S: Final = 20.0
CANCEL_S: Final = 0.1
CLOSE_S: Final = 2.0
MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
FRAME_QUEUE: Final = 256
"""Frames that the client's socket may hold before it stops reading."""
_GOOD: Final = frozenset({"connected", "auth_success", "success"})
_BAD: Final = frozenset(
    {"auth_failed", "auth_timeout", "error", "max_connections", "slow_consumer", "force_disconnect"}
)
_FEED: Final = re.compile(
    r"(?:wss?://)?[A-Za-z0-9.-]+(?::\d{1,5})?|(?:wss?://)?\[[0-9A-Fa-f:]+\](?::\d{1,5})?"
)
_CHANNEL: Final = re.compile(r"[A-Z][A-Za-z0-9]*\.[^\s,]{1,64}")

# The vendor's package adds a handler of its own that writes to stdout, which belongs to the command's output.
logging.getLogger("WebSocketClient").handlers.clear()
logging.getLogger("WebSocketClient").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Target:
    """What to connect to.

    Attributes:
        feed: Host of the vendor's WebSocket, or ``ws://HOST:PORT`` for one without TLS.
        market: The vendor's market, such as ``stocks``.
        subscriptions: Channels, such as ``T.*``.
    """

    feed: str
    market: str
    subscriptions: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            BadInputError: One of them cannot be used.
        """
        if not _FEED.fullmatch(self.feed):
            raise BadInputError(f"feed {self.feed!r} is no host, ws://HOST:PORT or wss://HOST:PORT")
        if self.market not in {market.value for market in Market}:
            known = ", ".join(market.value for market in Market)
            raise BadInputError(f"market {self.market!r} is none of {known}")
        if not self.subscriptions:
            raise BadInputError("there is no subscription")
        for channel in self.subscriptions:
            if not _CHANNEL.fullmatch(channel):
                raise BadInputError(f"subscription {channel!r} is not like T.* or Q.AAPL")

    @property
    def host(self) -> str:
        """Host and port, without a scheme."""
        return self.feed.rpartition("//")[2]

    @property
    def is_secure(self) -> bool:
        """Whether the connection uses TLS."""
        return not self.feed.startswith("ws://")


class _BytesConnection(ClientConnection):
    """Gives messages as bytes: they are cut as such, and bad UTF-8 costs one event, not the connection."""

    async def recv(self, decode: bool | None = None) -> Any:  # noqa: ANN401  str or bytes, as overridden
        return await super().recv(decode=bool(decode))


class _Handshake:
    """What the client takes for the json module: it sees the statuses before the first frame."""

    def __init__(self, on_status: Callable[[Status], None]) -> None:
        self._on_status = on_status

    def loads(self, text: bytes) -> Any:  # noqa: ANN401  any JSON value
        message = msgspec.json.decode(text)
        for item in message:
            if isinstance(item, dict) and item.get("ev") == STATUS:
                self._on_status(Status(str(item.get("status", "")), str(item.get("message", ""))))
        return message

    def dumps(self, value: Any) -> str:  # noqa: ANN401  any JSON value
        return json.dumps(value)


def _give_up() -> NoReturn:
    """Take the place of the client's own delays between tries: raise what went wrong instead."""
    error = sys.exception()
    raise ConnectionLostError(f"cannot connect: {error}") from error


class MassiveConnection:
    """Connects to Massive; ``connect`` is what a Supervisor runs.

    Args:
        settings: The key, and what to connect to at first.
        on_frame: Takes each frame; while it waits, nothing is read.
        is_data_expected: Tells whether a silent feed is a broken one now.
        counters: Where statuses are counted.

    Raises:
        BadInputError: The settings name a feed, market or channel that cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        on_frame: Callable[[bytes], Awaitable[None]],
        is_data_expected: Callable[[], bool],
        counters: Counters,
    ) -> None:
        self.target = Target(
            settings.massive_feed, settings.massive_market, tuple(settings.massive_subscriptions)
        )
        self._settings = settings
        self._on_frame = on_frame
        self._is_data_expected = is_data_expected
        self._counters = counters
        self._reporter = Reporter(logger)
        self._client: WebSocketClient | None = None
        self._entered: Callable[[], None] | None = None
        self._last_frame_at = 0.0
        self._complaint = ""

    def subscribe(self, subscriptions: tuple[str, ...]) -> None:
        """Change the channels, on the running connection too.

        Raises:
            BadInputError: One of them cannot be used.
        """
        self.target = Target(self.target.feed, self.target.market, subscriptions)
        if self._client is not None:
            # Not through the client's subscribe(): there A.* drops the subscriptions to AM, too.
            self._client.scheduled_subs = set(subscriptions)
            self._client.schedule_resub = True

    def on_status(self, status: Status) -> None:
        """Hear a message of the vendor about the connection."""
        kind = status.status
        self._counters.add("statuses", reason=kind if kind in _GOOD | _BAD else "other")
        if kind == "auth_success" and self._entered is not None:
            self._entered()
            self._entered = None
        if kind not in _GOOD:
            self._complaint = f"{kind[:80]}: {status.message[:200]}"
            self._reporter.warn(f"the vendor says {kind[:80]}", status.message[:200])

    async def connect(self, entered: Callable[[], None]) -> None:
        """Connect, and pass frames on until the connection ends.

        Args:
            entered: Called once the vendor has accepted the key.

        Raises:
            AuthFailedError: The key is missing or not accepted.
            ConnectionLostError: The connection broke, was never made, or fell silent.
        """
        self._complaint = ""
        self._entered = entered
        client = self._make_client()
        running = asyncio.create_task(self._run(client))
        try:
            await self._watch(running)
        finally:
            self._client = None
            self._entered = None
            await _end(running, client)
        if self._complaint:
            raise ConnectionLostError(f"the vendor closed the connection after {self._complaint}")

    def _make_client(self) -> WebSocketClient:
        try:
            key = self._settings.vendor_key()
        except SettingsError as error:
            raise AuthFailedError(str(error)) from None
        self._client = WebSocketClient(
            api_key=key.get_secret_value(),
            feed=self.target.host,
            market=self.target.market,
            raw=True,
            subscriptions=list(self.target.subscriptions),
            max_reconnects=0,
            secure=self.target.is_secure,
            custom_json=_Handshake(self.on_status),
        )
        return self._client

    async def _run(self, client: WebSocketClient) -> None:
        try:
            await client.connect(
                self._receive,
                max_size=MAX_FRAME_BYTES,
                max_queue=FRAME_QUEUE,
                proxy=None,
                compression=None,
                open_timeout=OPEN_TIMEOUT_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                reconnect_delays=_give_up,
                create_connection=_BytesConnection,
            )
        except AuthError as error:
            raise AuthFailedError(f"the vendor does not accept the key: {error}") from None
        except ConnectionLostError:
            raise
        except Exception as error:
            # Whatever the client raises, a reset or a KeyError over an odd answer, ends one connection only.
            reason = self._complaint or f"{type(error).__name__}: {error}"
            raise ConnectionLostError(f"connection lost: {reason}") from error

    async def _receive(self, frame: bytes) -> None:
        if self._client is None:
            raise ConnectionLostError("stopped")
        self._last_frame_at = time.monotonic()
        await self._on_frame(frame)

    async def _watch(self, running: asyncio.Task[None]) -> None:
        """Wait for the connection's end; end it where it hangs."""
        started = self._last_frame_at = time.monotonic()
        silence_s = self._settings.listener_silence_s
        while True:
            done, _ = await asyncio.wait([running], timeout=min(1.0, silence_s / 2 or 1.0))
            if done:
                return running.result()
            now = time.monotonic()
            if self._entered is not None:
                if now - started > ENTER_TIMEOUT_S:
                    raise ConnectionLostError("the vendor does not answer the key")
                self._last_frame_at = now
            elif silence_s and now - self._last_frame_at > silence_s and self._is_data_expected():
                self._counters.add("silences")
                raise ConnectionLostError(f"no frame for {silence_s:g} s")


async def _end(running: asyncio.Task[None], client: WebSocketClient) -> None:
    """End the client's run and close its connection."""
    # The client waits with wait_for, which on Python 3.11 loses a cancellation that meets a frame. Under load
    # each one does, so its callback raises as well (see _receive), and cancelling is repeated.
    while not running.done():
        running.cancel()
        await asyncio.wait([running], timeout=CANCEL_S)
    if not running.cancelled():
        running.exception()
    # The client leaves its connection to the garbage collector.
    if client.websocket is not None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_S):
                await client.close()
