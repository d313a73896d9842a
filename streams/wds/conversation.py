"""One client's conversation: its requests in order, each with its reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from streams.telemetry import Counters
from streams.wds import interests, protocol
from streams.wds.allowance import Allowance, Pace
from streams.wds.auth import Gate
from streams.wds.enveloped import options
from streams.wds.enveloped.options import InvalidOptions
from streams.wds.feeder import Feeder
from streams.wds.framing import Framing
from streams.wds.protocol import Auth, Get, Subscribe, Unsubscribe
from streams.wds.snapshots import Snapshots
from streams.wds.visitors import POLICY_VIOLATION, Visitor, Visitors

LONG_BYTES: Final = 128 * 1024
"""A reply from this length on is compressed beside the event loop."""

Receive = Callable[[], Awaitable[Any]]
"""Returns the next ASGI event of a WebSocket."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all conversations need.

    Attributes:
        gate: Who may come in.
        visitors: Who is in.
        feeder: Subscribes.
        snapshots: Current values.
        framing: How replies become frames.
        auth_timeout_s: Time for a client's first message, where a key is needed.
        max_subscriptions: Most subscriptions of a client.
        pace: How fast requests are answered.
        counters: Counts ``requests``, those that had to wait (``throttled``), and ``refused`` ones by reason.
    """

    gate: Gate
    visitors: Visitors
    feeder: Feeder
    snapshots: Snapshots
    framing: Framing
    auth_timeout_s: float
    max_subscriptions: int
    pace: Pace
    counters: Counters


class Conversation:
    """Answers one client.

    Args:
        visitor: The client.
        desk: What all conversations need.
    """

    def __init__(self, visitor: Visitor, desk: Desk) -> None:
        self._visitor = visitor
        self._outbox = visitor.outbox
        self._desk = desk
        self._allowance = Allowance(desk.pace)

    async def hold(self, receive: Receive) -> None:
        """Talk until the client goes or is sent away.

        Args:
            receive: The client's events.
        """
        if self._desk.gate.enabled and not await self._let_in(receive):
            return
        while (message := await _next_message(receive)) is not None:
            await self._wait_turn()
            await self._outbox.has_room()
            if self._outbox.is_closed or not await self.answer(message):
                return

    async def _wait_turn(self) -> None:
        too_early_s = self._allowance.take()
        if too_early_s:
            self._desk.counters.add("throttled")
        # Also where it is 0: many a request is answered without any wait, and a thousand of one client in a
        # row would hold up all others.
        await asyncio.sleep(too_early_s)

    async def _in_turn(self, names: list[str]) -> AsyncIterator[str]:
        for number, name in enumerate(names):
            if number:
                await self._wait_turn()
            yield name

    async def _let_in(self, receive: Receive) -> bool:
        try:
            async with asyncio.timeout(self._desk.auth_timeout_s):
                message = await _next_message(receive)
        except TimeoutError:
            self._send_away(protocol.UNAUTHORIZED, "no key in time")
            return False
        if message is None:
            return False
        request = protocol.parse(message)
        if isinstance(request, Auth):
            return self._authorize(request)
        self._send_away(protocol.UNAUTHORIZED, "unauthorized")
        return False

    async def answer(self, message: str | bytes) -> bool:
        """Answer a request; return whether the client may make another."""
        self._desk.counters.add("requests")
        match protocol.parse(message):
            case Auth() as auth:
                return self._authorize(auth)
            case Subscribe() as request:
                async for feed in self._in_turn(request.names):
                    self._reply(await self._subscribe(feed, request.options))
            case Unsubscribe() as request:
                async for feed in self._in_turn(request.names):
                    self._desk.feeder.unsubscribe(self._outbox, feed)
                    self._reply(protocol.unsubscribed(feed))
            case Get(cache, limit):
                await self._reply_at_length(await self._get(cache, limit or 0))
            case None:
                self._desk.counters.add("refused", reason="invalid action")
                self._reply(protocol.INVALID_ACTION)
        return True

    def _authorize(self, auth: Auth) -> bool:
        gate = self._desk.gate
        # Clients that were there before tokens show whatever they are given as a key.
        grant = gate.admit_by(auth.api_key) if auth.token is None else gate.admit("", auth.token)
        if grant is None:
            self._send_away(protocol.INVALID_KEY, "invalid key")
            return False
        if not self._desk.visitors.authorize(self._visitor, grant):
            self._send_away(protocol.TOO_MANY_CLIENTS, "too many clients of a key")
            return False
        self._desk.feeder.regrant(self._outbox)
        self._reply(protocol.AUTHORIZED)
        return True

    async def _get(self, cache: str, limit: int) -> bytes:
        if not self._outbox.grant.may_read(cache):
            self._desk.counters.add("refused", reason="not allowed")
            return protocol.not_allowed_snapshot(cache)
        data = await self._desk.snapshots.get(cache, limit)
        return protocol.unavailable(cache) if data is None else protocol.snapshot(cache, data)

    async def _subscribe(self, feed: str, given: dict[str, Any]) -> bytes:
        feeder, grant = self._desk.feeder, self._outbox.grant
        most = min(self._desk.max_subscriptions, grant.max_subscriptions or self._desk.max_subscriptions)
        if not feeder.has(self._outbox, feed) and feeder.count(self._outbox) >= most:
            self._desk.counters.add("refused", reason="too many subscriptions")
            return protocol.too_many_subscriptions(feed)
        try:
            if len(feed) > protocol.MAX_NAME:
                raise LookupError(feed)
            if not grant.may_subscribe(feed):
                self._desk.counters.add("refused", reason="not allowed")
                return protocol.not_allowed(feed)
            if given:
                wish = options.parse(given, interests.feeds_of(feed))
                await feeder.subscribe_enveloped(self._outbox, feed, wish)
            else:
                await feeder.subscribe(self._outbox, feed)
        except LookupError:
            self._desk.counters.add("refused", reason="invalid feed")
            return protocol.invalid_feed(feed)
        except InvalidOptions as wrong:
            self._desk.counters.add("refused", reason="invalid options")
            return protocol.invalid_options(feed, str(wrong))
        return protocol.subscribed(feed)

    def _send_away(self, reply: bytes, reason: str) -> None:
        self._desk.counters.add("refused", reason=reason)
        self._reply(reply)
        self._outbox.finish(POLICY_VIOLATION, reason)

    def _reply(self, reply: bytes) -> None:
        self._outbox.reply(self._desk.framing.frame(reply, deflates=False))

    async def _reply_at_length(self, reply: bytes) -> None:
        framing, deflates = self._desk.framing, self._outbox.deflates
        if deflates and len(reply) >= LONG_BYTES:
            frame = await asyncio.to_thread(framing.frame, reply, deflates)
        else:
            frame = framing.frame(reply, deflates)
        self._outbox.reply(frame)


async def _next_message(receive: Receive) -> str | bytes | None:
    event = await receive()
    if event["type"] == "websocket.disconnect":
        return None
    text: str | None = event.get("text")
    return text if text is not None else event.get("bytes") or b""
