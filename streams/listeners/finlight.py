"""What is Finlight's own: its clients, its messages, its streams.

Each connection is one run of the vendor's ``WebSocketClient`` or ``RawWebSocketClient``. Left alone, they
reconnect for ever without a word, validate articles and drop what fails, swallow what their synchronous
callback raises, and the enhanced one drops updates of a link that it has seen lately. So messages are taken
where they come in, before all that, and an end of the connection ends the run.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
import sys
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NoReturn, Protocol

import msgspec
from finlight_client import ApiConfig, RawWebSocketClient, WebSocketClient, _base_websocket_client
from finlight_client.models import GetArticlesWebSocketParams, GetRawArticlesWebSocketParams
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streams.errors import BadInputError
from streams.listeners.supervisor import AuthFailedError, ConnectionLostError
from streams.settings import Settings
from streams.telemetry import Counters, Reporter

logger = logging.getLogger(__name__)

SOURCE: Final = "finlight"
ENTER_TIMEOUT_S: Final = 15.0
"""How long the vendor may take to let the connection in."""
OPEN_TIMEOUT_S: Final = 10.0
PONG_S: Final = 60
"""A connection whose pings are not answered for this long is closed; a ping goes out each 25 s."""
CLOSE_S: Final = 1.0
MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
LIMITED_S: Final = 60.0
BLOCKED_S: Final = 3_600.0
KICKED_S: Final = 900.0
"""How long to stay away, by the vendor's own client, once it says that it is too much, or too many."""
_REFUSED: Final = frozenset({401, 403})
_TOO_MANY: Final = 429
_BLOCKED_CODE: Final = 1008
_FEED: Final = re.compile(r"wss?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?")

# The clients have no argument for these. No proxy stands in between, as with the other vendor; and an article
# longer than a mebibyte, the library's bound, would end the connection again and again.
_base_websocket_client.connect = functools.partial(  # type: ignore[assignment,attr-defined,unused-ignore]
    connect, proxy=None, max_size=MAX_MESSAGE_BYTES, open_timeout=OPEN_TIMEOUT_S, close_timeout=CLOSE_S
)


class Stream(StrEnum):
    """Which of the vendor's streams."""

    RAW = "raw"
    ENHANCED = "enhanced"


@dataclass(frozen=True, slots=True)
class Target:
    """What to connect to.

    Attributes:
        feed: The vendor's WebSocket, ``wss://HOST`` or ``ws://HOST:PORT``.
        stream: Raw or enhanced.
        tickers: Which tickers articles must name; empty for all. The raw stream cannot tell.
    """

    feed: str
    stream: Stream
    tickers: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            BadInputError: One of them cannot be used.
        """
        if not _FEED.fullmatch(self.feed):
            raise BadInputError(f"feed {self.feed!r} is not like wss://HOST or ws://HOST:PORT")
        if self.tickers and self.stream is Stream.RAW:
            raise BadInputError("the raw stream cannot choose articles by ticker: use the enhanced one")


class _Envelope(msgspec.Struct):
    """A message of the vendor."""

    action: str
    data: msgspec.Raw = msgspec.Raw(b"")
    error: msgspec.Raw = msgspec.Raw(b"")
    reason: str | None = None
    retryAfter: float | None = None  # noqa: N815  the vendor's name, in ms


_envelope: Final = msgspec.json.Decoder(_Envelope).decode


class Journal:
    """What the client takes for its logger: it keeps the last error, with the exception behind it."""

    def __init__(self) -> None:
        self.error_text = ""
        self.status: int | None = None

    def debug(self, text: str) -> None:
        """Take what nobody reads."""

    def info(self, text: str) -> None:
        """Take what nobody reads."""

    def warning(self, text: str) -> None:
        """Take what is told by other means, too."""

    def error(self, text: str) -> None:
        """Keep an error."""
        error = sys.exception()
        if isinstance(error, InvalidStatus):
            self.status = error.response.status_code
        self.error_text = f"{type(error).__name__}: {error}" if error is not None else text


class Listening(Protocol):
    """What a client's run reports to."""

    async def heard(self, message: str | bytes) -> bool:
        """Take a message; return False where it is the client's own business."""

    def opened(self, connection: ClientConnection) -> None:
        """Take note of the connection."""


class _Run:
    """Makes one of the vendor's clients run once and pass messages on as they are."""

    _listening: Listening
    _handle_message: Callable[..., Awaitable[None]]

    async def _listen(self, ws: ClientConnection, on_article: Callable[[Any], None]) -> None:
        self._listening.opened(ws)
        try:
            messages: AsyncIterable[str | bytes] = ws
            async for message in messages:
                if not await self._listening.heard(message):
                    await self._handle_message(message, on_article, ws)
        except ConnectionClosed:
            # How it closed stands in the connection.
            return

    async def _handle_reconnect(self) -> NoReturn:
        raise ConnectionLostError("the connection ended")


class _Enhanced(_Run, WebSocketClient):  # type: ignore[misc]  # the vendor's class is untyped
    """The enhanced client, once."""


class _Raw(_Run, RawWebSocketClient):  # type: ignore[misc]  # as above
    """The raw client, once."""


class FinlightConnection:
    """Connects to Finlight; ``connect`` is what a Supervisor runs.

    Args:
        settings: The key, and what to ask for.
        on_article: Takes each article as the vendor sent it; while it waits, nothing is read.
        on_unknown: Takes what is no message of the vendor, with the reason.
        counters: Where messages are counted.

    Raises:
        BadInputError: The settings name something that cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        on_article: Callable[[bytes], Awaitable[None]],
        on_unknown: Callable[[str, bytes], None],
        counters: Counters,
    ) -> None:
        stream = Stream.RAW if settings.finlight_raw else Stream.ENHANCED
        self.target = Target(settings.finlight_feed, stream, tuple(settings.finlight_tickers))
        self.last_message_at: float | None = None
        self._settings = settings
        self._on_article = on_article
        self._on_unknown = on_unknown
        self._counters = counters
        self._reporter = Reporter(logger)
        self._connection: ClientConnection | None = None
        self._entered: Callable[[], None] | None = None
        self._complaint = ""
        self._retry_after_s = 0.0
        self._takes_over = False

    async def connect(self, entered: Callable[[], None]) -> None:
        """Connect, and pass articles on until the connection ends.

        Args:
            entered: Called once the vendor has admitted the connection.

        Raises:
            AuthFailedError: The key is missing or not accepted.
            ConnectionLostError: The connection broke or was never made.
        """
        key = self._settings.finlight_api_key
        if key is None:
            raise AuthFailedError("no key of the news vendor: set FINLIGHT_API_KEY")
        self._connection, self._entered = None, entered
        self._complaint, self._retry_after_s = "", 0.0
        journal = Journal()
        client = self._make_client(key.get_secret_value(), journal)
        running = asyncio.create_task(client.connect(self._request(), _unused))
        try:
            await self._watch(running)
        except ConnectionLostError as error:
            raise self._reason(journal, str(error)) from None
        finally:
            self._entered = None
            await self._end(running, client)
        raise self._reason(journal, "the vendor closed the connection")

    def opened(self, connection: ClientConnection) -> None:
        """Take note of the connection."""
        self._connection = connection

    async def heard(self, message: str | bytes) -> bool:
        """Take a message; return False where it is the client's own business, as a pong."""
        self.last_message_at = time.monotonic()
        data = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
        self._counters.add("messages")
        self._counters.add("bytes_received", len(data))
        try:
            envelope = _envelope(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._on_unknown("bad_message", data)
            return True
        match envelope.action:
            case "sendArticle":
                await self._on_article(bytes(envelope.data))
                return True
            case "admit":
                self._admitted()
            case "pong":
                pass
            case "preempted" | "admin_kick" | "error":
                self._complain(envelope)
            case _:
                self._on_unknown("unknown_action", data)
                return True
        return False

    def _admitted(self) -> None:
        # From now on a connection that the vendor still believes in is this process's own.
        self._takes_over = True
        if self._entered is not None:
            self._entered()
            self._entered = None

    def _complain(self, message: _Envelope) -> None:
        detail = message.reason or bytes(message.data or message.error).decode("utf-8", "replace")
        self._complaint = f"{message.action} {ascii(detail[:200])}".rstrip(" '")
        if message.action == "preempted":
            self._takes_over = False
        if message.action == "admin_kick":
            after_ms = message.retryAfter
            self._retry_after_s = KICKED_S if after_ms is None else max(0.0, after_ms / 1000)
        elif "blocked" in detail.lower():
            self._retry_after_s = BLOCKED_S
        elif message.action == "preempted" or "limit" in detail.lower():
            # Whoever has taken the connection over would be thrown out in turn.
            self._retry_after_s = LIMITED_S
        self._counters.add("statuses", reason=message.action)
        self._reporter.warn(f"the news vendor says {message.action}", ascii(detail[:200]))

    def _make_client(self, key: str, journal: Journal) -> Any:  # noqa: ANN401  the vendor's classes are untyped
        config = ApiConfig(api_key=key, wss_url=self.target.feed)
        kind = _Raw if self.target.stream is Stream.RAW else _Enhanced
        client = kind(config, pong_timeout=PONG_S, takeover=self._takes_over)
        client._listening = self  # noqa: SLF001  its own class, made above
        client._logger = journal  # noqa: SLF001  it has no argument for it
        return client

    def _request(self) -> Any:  # noqa: ANN401  as above
        settings = self._settings
        common: dict[str, Any] = {
            "query": settings.finlight_query or None,
            "sources": settings.finlight_sources or None,
            "language": settings.finlight_language or None,
            "includeUpdates": True,
        }
        if self.target.stream is Stream.RAW:
            return GetRawArticlesWebSocketParams(**common)
        return GetArticlesWebSocketParams(
            **common, tickers=list(self.target.tickers) or None, includeEntities=True
        )

    async def _watch(self, running: asyncio.Task[None]) -> None:
        """Wait for the connection's end; end it where the vendor does not let it in."""
        done, _ = await asyncio.wait([running], timeout=OPEN_TIMEOUT_S + ENTER_TIMEOUT_S)
        if not done and self._entered is not None:
            raise ConnectionLostError("the vendor does not admit the connection")
        await asyncio.wait([running])
        running.result()

    async def _end(self, running: asyncio.Task[None], client: Any) -> None:  # noqa: ANN401  as above
        # The client's own tasks end with the connection only, so that is closed before its run is cancelled.
        client.stop()
        if self._connection is not None:
            closing = asyncio.ensure_future(self._connection.close())
            await asyncio.wait([closing, running], timeout=CLOSE_S)
        running.cancel()
        await asyncio.wait([running], timeout=CLOSE_S)
        if running.done() and not running.cancelled():
            running.exception()

    def _reason(self, journal: Journal, otherwise: str) -> ConnectionLostError:
        if journal.status in _REFUSED:
            return AuthFailedError(f"the news vendor does not accept the key (HTTP {journal.status})")
        retry_after_s = self._retry_after_s
        if journal.status == _TOO_MANY:
            retry_after_s = LIMITED_S
        connection = self._connection
        code = None if connection is None else connection.close_code
        if code == _BLOCKED_CODE:
            retry_after_s = max(retry_after_s, LIMITED_S)
        if self._complaint:
            text = f"the news vendor closed the connection after {self._complaint}"
        elif connection is None:
            text = f"cannot connect to the news vendor: {journal.error_text or otherwise}"
        else:
            text = f"connection to the news vendor lost (code {code}{_said(connection)})"
        return ConnectionLostError(text, retry_after_s=retry_after_s)


def _said(connection: ClientConnection) -> str:
    return f", {ascii(connection.close_reason)}" if connection.close_reason else ""


def _unused(_article: object) -> None:
    """Stand in for the client's callback: articles are taken before it."""
