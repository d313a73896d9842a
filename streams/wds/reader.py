"""The reader of what one Redis publishes. It hands payloads on and never waits for a client."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr
from redis.asyncio.connection import AbstractConnection

from streams import redis_link
from streams.backoff import Backoff
from streams.feeds import Database, marks_channel
from streams.telemetry import Counters, Reporter
from streams.wds.interests import Interest, route
from streams.wds.probe import PROBE_S, Probe

HEARTBEAT_S: Final = 1.0
"""How often Redis is asked whether it is still there, in seconds."""
STABLE_S: Final = 5.0
"""A connection that held this long was a good one: the next failure is a new one."""
BURST_S: Final = 0.01
"""Messages are taken for this long without a pause, in seconds; then the clients' writes get their turn."""
NAMES_A_COMMAND: Final = 500

logger: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Standing:
    """How the subscriptions stand on one connection.

    Attributes:
        sent: What Redis was asked for.
        confirmed: What Redis has confirmed.
        unanswered: How many commands about an interest have no answer yet.
        families: The patterns of whole families that are in force, by Redis's word.
    """

    sent: set[Interest] = field(default_factory=set)
    confirmed: set[Interest] = field(default_factory=set)
    unanswered: Counter[Interest] = field(default_factory=Counter)
    families: set[str] = field(default_factory=set)

    def ask(self, wanted: set[Interest]) -> tuple[set[Interest], set[Interest]]:
        """Return what to subscribe and what to unsubscribe so that ``wanted`` stands; it counts as sent."""
        added, dropped = wanted - self.sent, self.sent - wanted
        self.sent = set(wanted)
        self.confirmed -= dropped
        self.unanswered.update(added | dropped)
        return added, dropped

    def answer(self, interest: Interest, subscribed: bool) -> bool:
        """Take Redis's answer; return whether the interest is confirmed by it."""
        if interest.is_family:
            # In the order of the stream: from here on Redis sends, or no longer sends, the family.
            (self.families.add if subscribed else self.families.discard)(interest.name)
        self.unanswered[interest] -= 1
        if self.unanswered[interest] > 0:
            return False
        del self.unanswered[interest]
        if interest in self.sent:
            self.confirmed.add(interest)
        return interest in self.sent


class Reader:
    """Subscribes to what is wanted, again after each reconnect.

    A channel may be subscribed by name and within its family; it is handed on once.

    Args:
        database: Whose feeds it reads.
        url: Its Redis.
        timeout_s: Longest wait for an answer, in seconds.
        dispatch: Takes the channel and payload of each message.
        marked: Takes what workers say of what they have published.
        lost: Called when the connection is lost.
        reconnected: Awaited once the subscriptions stand again after a connection was lost.
        counters: Counts ``received`` and ``redis_failures``.
    """

    def __init__(
        self,
        database: Database,
        url: SecretStr,
        timeout_s: float,
        dispatch: Callable[[str, bytes], None],
        marked: Callable[[bytes], None],
        lost: Callable[[], None],
        reconnected: Callable[[], Awaitable[None]],
        counters: Counters,
    ) -> None:
        self._database = database
        self._url = url
        self._timeout_s = timeout_s
        self._dispatch = dispatch
        self._lost = lost
        self._marked = marked
        self._marks = marks_channel(database)
        self._reconnected = reconnected
        self._counters = counters
        self._reporter = Reporter(logger)
        self._probe = Probe(url, timeout_s)
        self._probed = Interest(database, self._probe.channel)
        self._own = {self._probed, Interest(database, self._marks)}
        self._wanted: set[Interest] = set()
        self._changed = asyncio.Event()
        self._waiters: defaultdict[Interest, list[asyncio.Future[None]]] = defaultdict(list)
        self._was_connected = False
        self._heard_at = 0.0
        self._message_at: dict[str, float] = {}
        self._connected = False
        self._fault: str | None = None
        self._standing = Standing()
        # Checked here, so that a wrong URL is an error at the start.
        redis_link.make_connection(url, timeout_s)

    @property
    def connected(self) -> bool:
        """Whether Redis answers, and what is published comes."""
        return self._connected and not self._probe.is_overdue

    @property
    def message_ages_s(self) -> dict[str, float]:
        """Seconds since the last message of each feed, by its pattern; nothing before its first."""
        now = time.monotonic()
        return {pattern: now - when for pattern, when in self._message_at.items()}

    def hears(self, channel: str) -> bool:
        """Tell whether a channel is subscribed by its very name, by Redis's word."""
        return Interest(self._database, channel) in self._standing.confirmed

    def renew(self, reason: str) -> None:
        """Connect anew: something is wrong with the connection."""
        self._fault = reason
        self._changed.set()

    def want(self, interest: Interest) -> None:
        """Subscribe; ``settled`` waits for it."""
        self._wanted.add(interest)
        self._changed.set()

    def drop(self, interest: Interest) -> None:
        """End a subscription."""
        self._wanted.discard(interest)
        self._changed.set()

    async def settled(self, wanted: Iterable[Interest]) -> None:
        """Wait until Redis has confirmed subscriptions; not while Redis is away, nor beyond the timeout."""
        waiting = [interest for interest in wanted if interest not in self._standing.confirmed]
        if not waiting or not self._connected:
            return
        futures = [asyncio.get_running_loop().create_future() for _ in waiting]
        for interest, future in zip(waiting, futures, strict=True):
            self._waiters[interest].append(future)
        await asyncio.wait(futures, timeout=self._timeout_s)

    async def run(self) -> None:
        """Read until cancelled, connecting anew as often as it takes."""
        try:
            await self._run()
        finally:
            await self._probe.close()

    async def _run(self) -> None:
        backoff = Backoff()
        while True:
            connection = redis_link.make_connection(self._url, self._timeout_s)
            started = time.monotonic()
            try:
                await connection.connect()  # type: ignore[no-untyped-call]  # not annotated
                await self._serve(connection)
            except* redis_link.FAILURES as group:
                error = group.exceptions[0]
                self._counters.add("redis_failures")
                incident = f"Redis {redis_link.address(self._url)} is away"
                self._reporter.warn(incident, str(error) or type(error).__name__)
            finally:
                self._forget()
                await connection.disconnect(nowait=True)
            if time.monotonic() - started > STABLE_S:
                backoff.reset()
            await asyncio.sleep(backoff.next_s())

    async def _serve(self, connection: AbstractConnection) -> None:
        self._heard_at = time.monotonic()
        self._fault = None
        self._connected = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(connection))
            group.create_task(self._keep(connection))
            group.create_task(self._listen_for_probes())
            if self._was_connected or self._wanted:
                group.create_task(self._catch_up())
            self._was_connected = True

    async def _catch_up(self) -> None:
        await self.settled(tuple(self._wanted))
        await self._reconnected()

    async def _keep(self, connection: AbstractConnection) -> None:
        # Keeps the subscriptions as they are wanted, and makes sure that Redis is there.
        while True:
            self._changed.clear()
            await self._subscribe(connection)
            if self._fault is not None:
                raise TimeoutError(self._fault)
            if time.monotonic() - self._heard_at > HEARTBEAT_S + self._timeout_s:
                raise TimeoutError("no answer")
            await connection.send_command("PING", check_health=False)
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _listen_for_probes(self) -> None:
        while True:
            if self._probed in self._standing.confirmed:
                await self._probe.ask()
            await asyncio.sleep(PROBE_S)

    async def _subscribe(self, connection: AbstractConnection) -> None:
        if not self._wanted:
            self._probe.forget()
        added, dropped = self._standing.ask(self._wanted | self._own if self._wanted else set())
        for interests, verb in ((added, "SUBSCRIBE"), (dropped, "UNSUBSCRIBE")):
            for is_family, prefix in ((False, ""), (True, "P")):
                names = [interest.name for interest in interests if interest.is_family is is_family]
                for start in range(0, len(names), NAMES_A_COMMAND):
                    chunk = names[start : start + NAMES_A_COMMAND]
                    await connection.send_command(prefix + verb, *chunk, check_health=False)

    async def _read(self, connection: AbstractConnection) -> None:
        paused_at = time.monotonic()
        while True:
            # Liveness is the heartbeat's business, a message may take as long as it likes.
            self._handle(await connection.read_response(timeout=math.inf))
            if self._heard_at - paused_at > BURST_S:
                await asyncio.sleep(0)
                paused_at = time.monotonic()

    def _handle(self, message: object) -> None:
        # Hot: runs for each published value.
        self._heard_at = time.monotonic()
        if not isinstance(message, list):
            return  # PING's answer before the first subscription
        kind = message[0]
        if kind == b"pmessage":
            self._hand_on(str(message[2], "utf-8", "replace"), message[3], str(message[1], "utf-8"))
        elif kind == b"message":
            self._hand_on(str(message[1], "utf-8", "replace"), message[2], None)
        elif kind != b"pong":
            self._confirm(kind, str(message[1], "utf-8"))

    def _hand_on(self, channel: str, payload: bytes, pattern: str | None) -> None:
        if channel == self._probe.channel:
            self._probe.note()
            return
        if channel == self._marks:
            self._marked(payload)
            return
        self._counters.add("received")
        where = route(channel)
        if where is not None:
            self._message_at[where.feed.pattern] = self._heard_at
        family = where.pattern if where is not None else None
        # While the family is subscribed, its message counts, and that of the name is the second of the same.
        if pattern == (family if family in self._standing.families else None):
            self._dispatch(channel, payload)

    def _confirm(self, kind: bytes, name: str) -> None:
        interest = Interest(self._database, name, is_family=kind.startswith(b"p"))
        if self._standing.answer(interest, subscribed=b"un" not in kind):
            self._release(interest)

    def _release(self, interest: Interest) -> None:
        for future in self._waiters.pop(interest, ()):
            if not future.done():
                future.set_result(None)

    def _forget(self) -> None:
        # The connection is gone, and its subscriptions with it.
        if self._connected:
            self._lost()
        self._connected = False
        self._standing = Standing()
        for interest in tuple(self._waiters):
            self._release(interest)
