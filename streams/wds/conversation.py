"""One client's conversation: its requests in order, each with its reply."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from streams.telemetry import Counters
from streams.wds import protocol
from streams.wds.auth import Gate
from streams.wds.feeder import Feeder
from streams.wds.outbox import Outbox
from streams.wds.protocol import Auth, Get, Subscribe, Unsubscribe
from streams.wds.snapshots import Snapshots
from streams.wds.wire import text_frame

POLICY_VIOLATION: Final = 1008
"""WebSocket close code for a client that may not come in."""

Receive = Callable[[], Awaitable[Any]]
"""Returns the next ASGI event of a WebSocket."""


class Conversation:
    """Answers one client.

    Args:
        outbox: Where replies and updates go.
        gate: Who may come in.
        feeder: Subscribes.
        snapshots: Current values.
        max_subscriptions: Most subscriptions of the client.
        counters: Counts ``requests`` and ``refused`` ones by reason.
    """

    def __init__(
        self,
        outbox: Outbox,
        gate: Gate,
        feeder: Feeder,
        snapshots: Snapshots,
        max_subscriptions: int,
        counters: Counters,
    ) -> None:
        self._outbox = outbox
        self._gate = gate
        self._feeder = feeder
        self._snapshots = snapshots
        self._max_subscriptions = max_subscriptions
        self._counters = counters

    async def hold(self, receive: Receive, auth_timeout_s: float) -> None:
        """Talk until the client goes or is sent away.

        Args:
            receive: The client's events.
            auth_timeout_s: Time for its first message, where a key is needed.
        """
        if self._gate.enabled and not await self._let_in(receive, auth_timeout_s):
            return
        while (message := await _next_message(receive)) is not None:
            await self._outbox.has_room()
            if not await self._answer(message):
                return

    async def _let_in(self, receive: Receive, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
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

    async def _answer(self, message: str | bytes) -> bool:
        self._counters.add("requests")
        match protocol.parse(message):
            case Auth() as auth:
                return self._authorize(auth)
            case Subscribe(feed):
                self._reply(await self._subscribe(feed))
            case Unsubscribe(feed):
                self._feeder.unsubscribe(self._outbox, feed)
                self._reply(protocol.unsubscribed(feed))
            case Get(cache, limit):
                data = await self._snapshots.get(cache, limit or 0)
                self._reply(protocol.unavailable(cache) if data is None else protocol.snapshot(cache, data))
            case None:
                self._counters.add("refused", reason="invalid action")
                self._reply(protocol.INVALID_ACTION)
        return True

    def _authorize(self, auth: Auth) -> bool:
        if self._gate.admits(auth.api_key):
            self._reply(protocol.AUTHORIZED)
            return True
        self._send_away(protocol.INVALID_KEY, "invalid key")
        return False

    async def _subscribe(self, feed: str) -> bytes:
        names = self._feeder.names(self._outbox)
        if feed not in names and len(names) >= self._max_subscriptions:
            self._counters.add("refused", reason="too many subscriptions")
            return protocol.too_many_subscriptions(feed)
        try:
            if len(feed) > protocol.MAX_NAME:
                raise LookupError(feed)
            await self._feeder.subscribe(self._outbox, feed)
        except LookupError:
            self._counters.add("refused", reason="invalid feed")
            return protocol.invalid_feed(feed)
        return protocol.subscribed(feed)

    def _send_away(self, reply: bytes, reason: str) -> None:
        self._counters.add("refused", reason=reason)
        self._reply(reply)
        self._outbox.finish(POLICY_VIOLATION, reason)

    def _reply(self, reply: bytes) -> None:
        self._outbox.reply(text_frame(reply))


async def _next_message(receive: Receive) -> str | bytes | None:
    event = await receive()
    if event["type"] == "websocket.disconnect":
        return None
    text: str | None = event.get("text")
    return text if text is not None else event.get("bytes") or b""
