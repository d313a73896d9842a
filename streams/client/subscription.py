"""What a program reads: the updates of a feed, or of all that a wildcard matches."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import msgspec

from streams.client.follower import Follower, Lost
from streams.client.inbox import Inbox, Kind, Update
from streams.client.messages import Message
from streams.errors import StreamsError

T = TypeVar("T")

NOTICES: Final[dict[str, Kind]] = {"lag": "lag", "stale": "stale", "resync": "resync"}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subscription is to be.

    Attributes:
        name: The feed's key; it may hold wildcards.
        options: What the service is asked for, by name.
        max_waiting: Most updates that wait for the program.
        notices: Whether notices are among the updates.
    """

    name: str
    options: Mapping[str, Any]
    max_waiting: int
    notices: bool


class Subscription(Generic[T]):
    """An async iterator of updates, and an async context manager that ends the subscription.

    It outlives lost connections: the client subscribes anew, and where snapshots are wanted the first update
    of each feed is one.

    Args:
        terms: What it is to be.
        decode: Makes a value of JSON: of a latest-value feed's value, or of a list of entries.
        end: Ends the subscription.
        ask_anew: Subscribes anew, for fresh snapshots.

    Attributes:
        name: The feed's key.
        options: What the service is asked for.
        is_stale: Whether no updates come at the moment: not connected, or the service has none.
        resyncs: How often fresh snapshots were asked for because something was lost.
        dropped: How many updates were not delivered because the program was too slow, or were lost.
    """

    def __init__(
        self,
        terms: Terms,
        decode: Callable[[bytes], T],
        end: Callable[[Subscription[Any]], Awaitable[None]],
        ask_anew: Callable[[Subscription[Any]], None],
    ) -> None:
        self.name = terms.name
        self.options = options = terms.options
        self.is_stale = True
        self.resyncs = 0
        self.dropped = 0
        self._decode = decode
        self._end = end
        self._ask_anew = ask_anew
        self._has_snapshots = bool(options.get("snapshot") or options.get("delta"))
        self._followers: dict[str, Follower[T]] = {}
        self._inbox: Inbox[T] = Inbox(terms.max_waiting)
        self._notices = terms.notices
        self._is_asking = False
        self._missed: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self._confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._error: StreamsError | None = None
        self._is_over = False

    @property
    def gaps(self) -> int:
        """How often frames were lost on the way."""
        return sum(follower.gaps for follower in self._followers.values())

    async def confirmed(self) -> None:
        """Wait until the service has confirmed the subscription for the first time.

        Raises:
            BadInputError: It has no such feed, or cannot do what is asked for.
            Refused: The key does not allow it.
        """
        await asyncio.shield(self._confirmed)

    async def close(self) -> None:
        """End the subscription; what waits can still be read."""
        if not self._is_over:
            self._is_over = True
            self._changed.set()
            await self._end(self)

    def connected(self) -> None:
        """Take note that the service has confirmed the subscription on the present connection."""
        self.is_stale = self._is_asking = False
        if not self._confirmed.done():
            self._confirmed.set_result(None)

    def disconnected(self) -> None:
        """Take note that the connection is lost."""
        self.is_stale = True
        self._is_asking = False
        for follower in self._followers.values():
            follower.restart()

    def fail(self, error: StreamsError) -> None:
        """Raise ``error`` where the program reads, after what waits."""
        self._error = self._error or error
        self.is_stale = True
        if not self._confirmed.done():
            self._confirmed.set_exception(error)
            self._confirmed.exception()  # whoever only iterates is told there
        self._changed.set()

    def take(self, frame: Message) -> None:
        """Take a frame of one of the feeds, or a notice."""
        if (kind := NOTICES.get(frame.type or "")) is not None:
            self._notice(frame, kind)
            return
        if frame.type not in {"snapshot", "value", "item", "items", "delta"}:
            return
        follower = self._followers.get(frame.feed)
        if follower is None:
            follower = Follower(frame.feed, self._decode, self._has_snapshots)
            self._followers[frame.feed] = follower
        try:
            update = follower.take(frame)
        except Lost:
            self._resync()
        except msgspec.ValidationError as error:
            self.fail(StreamsError(f"{frame.feed}: not what was expected: {error}"))
        else:
            if update is not None:
                self._put(update, follower)

    def _notice(self, frame: Message, kind: Kind) -> None:
        reason = msgspec.json.decode(frame.data)
        if kind == "lag":
            self.dropped += reason.get("dropped", 0)
            if (follower := self._followers.get(frame.feed)) is not None:
                follower.expect_loss()
        else:
            self.is_stale = kind == "stale"
        if self._notices:
            text, missed = str(reason.get("reason", "")), reason.get("dropped", 0)
            self._inbox.put(Update(frame.feed, kind, None, missed, text), is_list=True)
            self._changed.set()

    def _put(self, update: Update[T], follower: Follower[T]) -> None:
        feed = update.feed
        if update.kind == "snapshot":
            self.dropped += self._inbox.drop_entries(feed)
        if self._missed[feed]:
            update = Update(feed, update.kind, update.data, update.missed + self._missed.pop(feed))
        if not self._inbox.put(update, is_list=update.kind == "items"):
            self.dropped += 1
            self._missed[feed] = update.missed + 1
            if self._has_snapshots:
                self.dropped += self._inbox.drop_entries(feed)
                follower.await_snapshot()
                self._resync()
        self._changed.set()

    def _resync(self) -> None:
        # One that is under way brings fresh snapshots of all feeds.
        if not self._is_asking:
            self._is_asking = True
            self.resyncs += 1
            self._ask_anew(self)

    def __aiter__(self) -> Self:
        """Iterate over the updates."""
        return self

    async def __anext__(self) -> Update[T]:
        """Return the next update.

        Raises:
            StopAsyncIteration: The subscription has been ended, and nothing waits any more.
            BadInputError: The service has no such feed, or cannot do what is asked for.
            Refused: The key is not right, or does not allow this.
        """
        while not self._inbox:
            if self._error is not None:
                raise self._error
            if self._is_over:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._inbox.take()

    async def __aenter__(self) -> Self:
        """Wait until the service has confirmed the subscription; given up, it is ended."""
        try:
            await self.confirmed()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the subscription."""
        await self.close()
