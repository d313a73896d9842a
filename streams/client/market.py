"""The client for programs: feeds as async iterators, whatever happens to the connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Self, TypeVar, overload

import msgspec
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from streams.backoff import Backoff
from streams.client import messages
from streams.client.link import Link, Token
from streams.client.messages import Message
from streams.client.refused import Refused
from streams.client.state import State
from streams.client.subscription import Subscription, Terms
from streams.errors import BadInputError, StreamsError, UnavailableError
from streams.wds import globs

T = TypeVar("T")

MAX_WAITING: Final = 1_000
"""Most updates of a subscription that wait for the program, unless it says otherwise."""
MAX_ROUTES: Final = 65_536
STABLE_S: Final = 5.0
"""A connection that held this long was a good one: the next failure is a new one."""


class MarketClient:
    """Reads feeds of the WDS. An async context manager; one event loop uses an instance.

    It connects anew by itself, with growing waits, and subscribes again. Example::

        async with MarketClient("ws://localhost:4202/ws", api_key=key) as client:
            async for update in client.subscribe("scanners:top_gainers", delta=True):
                print(update.feed, len(update.data))

    Args:
        url: Such as ``ws://localhost:4202/ws``.
        api_key: The client's key; neither it nor a token where the service needs none.
        token: Returns a token, or an awaitable of one; called for each connection.
        timeout_s: Longest wait for connecting and for a reply, in seconds.
        on_state: Called with each new state.

    Attributes:
        reconnects: How often the connection was made anew.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        token: Token | None = None,
        timeout_s: float = 10.0,
        on_state: Callable[[State], None] | None = None,
    ) -> None:
        self.reconnects = 0
        self._url = url
        secret = None if api_key is None else SecretStr(api_key)
        self._link = Link(url, secret, token, timeout_s, is_compressed=True)
        self._timeout_s = timeout_s
        self._on_state = on_state
        self._state = State.CONNECTING
        self._subscriptions: dict[str, Subscription[Any]] = {}
        # Whose the frames of a feed are.
        self._routes: dict[str, Subscription[Any]] = {}
        self._connection: ClientConnection | None = None
        self._replies: deque[asyncio.Future[Message]] = deque()
        self._sending = asyncio.Lock()
        self._is_connected = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None
        self._refusal: StreamsError | None = None

    @property
    def state(self) -> State:
        """How it is."""
        return self._state

    async def open(self) -> None:
        """Connect; from then on it stays connected, or tries to be.

        Raises:
            Refused: The key or token is wrong.
            UnavailableError: The service does not answer.
            BadInputError: The address is none of a WebSocket.
        """
        connection = await self._link.connect()
        self._running = asyncio.create_task(self._run(connection), name="market-client")

    async def close(self) -> None:
        """Leave; subscriptions end after what waits, and there are no new ones."""
        self._refusal = self._refusal or UnavailableError(f"{self._url}: the client has been closed")
        self._become(State.CLOSED)
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        for task in tuple(self._tasks):
            task.cancel()
        for subscription in tuple(self._subscriptions.values()):
            await subscription.close()

    @overload
    def subscribe(
        self,
        feed: str,
        *,
        snapshot: bool = ...,
        limit: int | None = ...,
        fields: Sequence[str] | None = ...,
        delta: bool = ...,
        interval_ms: int | None = ...,
        notices: bool = ...,
        max_waiting: int = ...,
    ) -> Subscription[Any]: ...

    @overload
    def subscribe(
        self,
        feed: str,
        data_type: type[T],
        *,
        snapshot: bool = ...,
        limit: int | None = ...,
        fields: Sequence[str] | None = ...,
        delta: bool = ...,
        interval_ms: int | None = ...,
        notices: bool = ...,
        max_waiting: int = ...,
    ) -> Subscription[T]: ...

    def subscribe(  # noqa: PLR0913  the protocol's options
        self,
        feed: str,
        data_type: Any = Any,
        *,
        snapshot: bool = True,
        limit: int | None = None,
        fields: Sequence[str] | None = None,
        delta: bool = False,
        interval_ms: int | None = None,
        notices: bool = False,
        max_waiting: int = MAX_WAITING,
    ) -> Subscription[Any]:
        """Return the updates of a feed, or of all that a wildcard matches.

        Args:
            feed: Such as ``quote:AAPL`` or ``scanners:*``.
            data_type: What the data are: a value, or a list's entries (``list[Article]``). Anything that
                msgspec decodes; plain lists and dicts without.
            snapshot: Whether the value now comes first.
            limit: First rows of a value, newest entries of a list's snapshot.
            fields: Only these fields of rows, entries and objects.
            delta: Whether only changes of a board are sent; the program still gets whole boards.
            interval_ms: At most one update of a feed in so many ms.
            notices: Whether ``lag``, ``stale`` and ``resync`` are among the updates.
            max_waiting: Most updates that wait for the program: beyond it a list's oldest are given up for a
                snapshot, or counted as missed where none is wanted.

        Raises:
            ValueError: There is a subscription of that name already.
        """
        if feed in self._subscriptions:
            raise ValueError(f"subscribed already: {feed}")
        given = {"limit": limit, "fields": list(fields) if fields else None, "interval_ms": interval_ms}
        options = {name: value for name, value in given.items() if value is not None}
        subscription: Subscription[Any] = Subscription(
            Terms(feed, {"snapshot": snapshot, "delta": delta, **options}, max_waiting, notices),
            msgspec.json.Decoder(data_type).decode,
            self._end,
            self._ask_anew,
        )
        self._routes.clear()
        self._subscriptions[feed] = subscription
        if self._refusal is not None:
            subscription.fail(self._refusal)
        self._ask_anew(subscription)
        return subscription

    @overload
    async def get(self, feed: str, *, limit: int = ...) -> Any: ...  # noqa: ANN401  any JSON

    @overload
    async def get(self, feed: str, data_type: type[T], *, limit: int = ...) -> T | None: ...

    async def get(self, feed: str, data_type: Any = Any, *, limit: int = 0) -> Any:
        """Return what a feed holds now; None where there is nothing.

        Args:
            feed: Its key.
            data_type: What it is; plain lists and dicts without.
            limit: Most entries of a list, newest first; 0 means all.

        Raises:
            UnavailableError: The service does not answer in time, or has no access to its data.
            Refused: The key does not allow it.
        """
        if self._refusal is not None:
            raise self._refusal
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._is_connected.wait()
                reply = await self._ask({"action": "get", "cache": feed, "limit": limit})
        except TimeoutError:
            raise UnavailableError(f"{self._url} does not answer") from None
        if reply.error is not None:
            kind = Refused if reply.error == "not allowed" else UnavailableError
            raise kind(f"{self._url}: {feed}: {reply.error}")
        data = bytes(reply.data)
        return None if data == b"null" else msgspec.json.decode(data, type=data_type)

    async def _run(self, connection: ClientConnection) -> None:
        try:
            await self._stay_connected(connection)
        except Exception as error:
            # The program's own: its on_state, or a type that fails otherwise than by ValueError.
            self._refuse(StreamsError(f"{self._url}: the client has failed: {error!r}"))
            raise

    async def _stay_connected(self, connection: ClientConnection) -> None:
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                await self._serve(connection)
            except Refused as error:
                self._refuse(error)
                return
            except (ConnectionClosed, msgspec.DecodeError):
                pass  # connected anew
            finally:
                await self._disconnected(connection)
            if loop.time() - started > STABLE_S:
                backoff.reset()
            anew = await self._connect_anew(backoff)
            if anew is None:
                return
            connection = anew
            self.reconnects += 1

    async def _connect_anew(self, backoff: Backoff) -> ClientConnection | None:
        while True:
            await asyncio.sleep(backoff.next_s())
            try:
                return await self._link.connect()
            except UnavailableError:
                continue
            except StreamsError as error:
                self._refuse(error)
                return None

    def _refuse(self, error: StreamsError) -> None:
        self._refusal = error
        for subscription in self._subscriptions.values():
            subscription.fail(error)
        self._become(State.CLOSED)

    async def _serve(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._is_connected.set()
        self._become(State.CONNECTED)
        for subscription in self._subscriptions.values():
            self._ask_anew(subscription)
        async for message in connection:
            reply = messages.decode(message.encode() if isinstance(message, str) else message)
            if reply.type is not None:
                self._hand_on(reply)
            elif reply.status == "unauthorized":
                raise Refused(f"{self._url}: a key is needed")
            elif self._replies:
                future = self._replies.popleft()
                if not future.done():
                    future.set_result(reply)
                    # Whoever asked takes note before the frames behind the reply come.
                    await asyncio.sleep(0)

    def _hand_on(self, frame: Message) -> None:
        subscription = self._routes.get(frame.feed)
        if subscription is None and (subscription := self._route(frame.feed)) is not None:
            if len(self._routes) >= MAX_ROUTES:
                self._routes.clear()
            self._routes[frame.feed] = subscription
        if subscription is not None:
            subscription.take(frame)
            if frame.type in {"stale", "resync"}:
                self._become(self._present_state())

    def _route(self, feed: str) -> Subscription[Any] | None:
        # As the service does it: a feed's own name before any wildcard, then the first that was subscribed.
        own = self._subscriptions.get(feed)
        globbed = (each for name, each in self._subscriptions.items() if _matches(name, feed))
        return own or next(globbed, None)

    async def _disconnected(self, connection: ClientConnection) -> None:
        self._connection = None
        self._is_connected.clear()
        self._become(State.DISCONNECTED)
        for subscription in self._subscriptions.values():
            subscription.disconnected()
        replies, self._replies = self._replies, deque()
        for future in replies:
            if not future.done():
                future.set_exception(UnavailableError(f"{self._url}: the connection was lost"))
                future.exception()  # whoever asked may have gone
        await connection.close()

    async def _ask(self, request: dict[str, object]) -> Message:
        connection = self._connection
        if connection is None:
            raise UnavailableError(f"{self._url}: not connected")
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        # Replies come in the order of the requests.
        async with self._sending:
            if connection is not self._connection:
                raise UnavailableError(f"{self._url}: the connection was lost")
            self._replies.append(future)
            try:
                await connection.send(messages.encode(request))
            except ConnectionClosed as error:
                raise UnavailableError(f"{self._url}: {error}") from None
        return await future

    def _ask_anew(self, subscription: Subscription[Any]) -> None:
        if self._connection is not None:
            task = asyncio.create_task(self._subscribe(subscription))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _subscribe(self, subscription: Subscription[Any]) -> None:
        name = subscription.name
        connection = self._connection
        try:
            async with asyncio.timeout(self._timeout_s):
                reply = await self._ask({"action": "subscribe", "feed": name, **subscription.options})
        except UnavailableError:
            return  # it is subscribed when the connection is there again
        except TimeoutError:
            if connection is not None:
                await connection.close()
            return
        if reply.status == "subscribed":
            subscription.connected()
            return
        self._forget(subscription)
        why = f"{self._url}: {reply.status}: {name}" + (f": {reply.reason}" if reply.reason else "")
        subscription.fail(Refused(why) if reply.status == "not allowed" else BadInputError(why))

    async def _end(self, subscription: Subscription[Any]) -> None:
        if self._forget(subscription) and self._connection is not None:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._ask({"action": "unsubscribe", "feed": subscription.name})
            except (UnavailableError, TimeoutError):
                return  # a new connection knows nothing of it

    def _forget(self, subscription: Subscription[Any]) -> bool:
        is_known = self._subscriptions.get(subscription.name) is subscription
        if is_known:
            del self._subscriptions[subscription.name]
            self._routes.clear()
        return is_known

    def _present_state(self) -> State:
        stale = any(subscription.is_stale for subscription in self._subscriptions.values())
        return State.STALE if stale else State.CONNECTED

    def _become(self, state: State) -> None:
        if state is not self._state and self._state is not State.CLOSED:
            self._state = state
            if self._on_state is not None:
                self._on_state(state)

    async def __aenter__(self) -> Self:
        """Connect."""
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave."""
        await self.close()


def _matches(name: str, feed: str) -> bool:
    return globs.is_glob(name) and globs.compiled(name).matches(feed)
