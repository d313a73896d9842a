"""GET /events: subscriptions for those who cannot use WebSockets, under the same limits."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

import msgspec
from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from streams.settings import Settings
from streams.wds.addresses import address_of
from streams.wds.conversation import Conversation, Desk
from streams.wds.cors import Origins
from streams.wds.door import EXTENSION, Door
from streams.wds.enveloped import options
from streams.wds.enveloped.options import InvalidOptions
from streams.wds.grants import Grant
from streams.wds.interests import feeds_of
from streams.wds.outbox import Outbox, Transport
from streams.wds.protocol import MAX_NAME
from streams.wds.reception import COME_BACK_S, ApiKey, Bearer, Reception
from streams.wds.rest import ERRORS, NOT_ALLOWED, NOT_FOUND, Documented
from streams.wds.sse import START, EventWire
from streams.wds.visitors import Visitor

WRONG: Final = 400
TOO_MANY: Final = 429
HEADERS: Final = {
    "Cache-Control": "no-store",
    # For proxies that would else gather a reply before they pass it on.
    "X-Accel-Buffering": "no",
}
IDS: Final = re.compile(r"[0-9]{1,15}")
"""What ids of events look like; another Last-Event-ID is none of ours."""
EVENTS: Final[Documented] = {
    200: {
        "description": "Envelopes as of a WebSocket's subscriptions with snapshot, one an event.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **ERRORS,
}


class Asked(BaseModel):
    """What a client asks for. The options are those of a WebSocket's subscriptions."""

    feed: list[str] = Field(min_length=1, description="a feed, or a wildcard; may come several times")
    limit: int | None = Field(None, description="most rows of a board, and most entries of a list's snapshot")
    fields: str | None = Field(None, description="only these fields, by comma")
    delta: bool | None = Field(None, description="changed rows of boards only")
    interval_ms: int | None = Field(None, description="at most one event of a feed in so many ms")
    access_token: str | None = Field(
        None, description="a token (no key), for browsers: their EventSource sends no headers"
    )

    def wish(self) -> dict[str, Any]:
        """Return the options as a subscription has them."""
        given = self.model_dump(include={"limit", "delta", "interval_ms"}, exclude_none=True)
        fields = {} if self.fields is None else {"fields": self.fields.split(",")}
        return {"snapshot": True, **given, **fields}


LastId = Annotated[str | None, Header(alias="Last-Event-ID")]


@dataclass(frozen=True, slots=True)
class Following:
    """What a client wants.

    Attributes:
        address: Whence it comes.
        grant: What it may read.
        request: Its subscriptions, as on a WebSocket.
        last_id: The number of the last event that it knows.
    """

    address: str
    grant: Grant
    request: bytes
    last_id: int


class EventStreams:
    """Serves event streams.

    Args:
        settings: When a client counts as gone.
        reception: Who may ask.
        origins: Whose pages may.
        desk: What all conversations need.
        new_outbox: Makes an outbox for a transport.
    """

    def __init__(
        self,
        settings: Settings,
        reception: Reception,
        origins: Origins,
        desk: Desk,
        new_outbox: Callable[[Transport], Outbox],
    ) -> None:
        self.beat_s = settings.wds_ping_interval_s
        self.absence_ms = int((settings.wds_ping_interval_s + settings.wds_ping_timeout_s) * 1_000)
        self.desk = desk
        self.new_outbox = new_outbox
        self._reception = reception
        self._origins = origins

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter()
        router.add_api_route("/events", self.events, methods=["GET"], responses=EVENTS)
        return router

    async def events(
        self,
        request: Request,
        asked: Annotated[Asked, Query()],
        bearer: Bearer,
        api_key: ApiKey,
        last_event_id: LastId = None,
    ) -> StreamingResponse:
        """Follow feeds: their values now, and then each change. A client that comes again gets them anew."""
        if not self._origins.welcome(request.headers.get("origin")):
            self.desk.counters.add("refused", reason="origin")
            raise HTTPException(NOT_ALLOWED, "not allowed from this origin")
        address = address_of(request)
        credential = bearer.credentials if bearer is not None else api_key
        grant = self._reception.admit(address, credential, asked.access_token)
        names, wish = list(dict.fromkeys(asked.feed)), asked.wish()
        await self._check(names, wish, grant)
        subscription = msgspec.json.encode({"action": "subscribe", "feeds": names, **wish})
        last_id = last_event_id if last_event_id is not None and IDS.fullmatch(last_event_id) else "0"
        return _EventStream(Following(address, grant, subscription, int(last_id)), self)

    async def _check(self, names: list[str], wish: dict[str, Any], grant: Grant) -> None:
        most = min(self.desk.max_subscriptions, grant.max_subscriptions or self.desk.max_subscriptions)
        if len(names) > most:
            raise HTTPException(WRONG, f"too many feeds: {most} at most")
        for name in names:
            await asyncio.sleep(0)  # There may be a thousand: others have their turns in between.
            found = feeds_of(name) if len(name) <= MAX_NAME else []
            if not found:
                raise HTTPException(NOT_FOUND, f"no such feed: {name[:MAX_NAME]} (GET /feeds lists them)")
            if not grant.may_subscribe(name):
                raise HTTPException(NOT_ALLOWED, f"not allowed: {name}")
            try:
                options.parse(wish, found)
            except InvalidOptions as wrong:
                raise HTTPException(WRONG, str(wrong)) from None


class _EventStream(StreamingResponse):
    """One client's stream.

    Args:
        following: What it wants.
        streams: What all streams need.
    """

    def __init__(self, following: Following, streams: EventStreams) -> None:
        super().__init__((), headers=HEADERS, media_type="text/event-stream")
        self._following = following
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the client until it goes or is sent away."""
        following, desk = self._following, self._streams.desk
        door = cast("Door", scope["extensions"][EXTENSION])
        wire = EventWire(door, following.last_id)
        visitor = Visitor(following.address, self._streams.new_outbox(wire), door.transport, "events")
        if (objection := self._objection(visitor)) is not None:
            desk.counters.add("refused", reason=objection)
            headers = {"Retry-After": str(COME_BACK_S)}
            await JSONResponse({"error": objection}, TOO_MANY, headers)(scope, receive, send)
            return
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            door.receiver = visitor.outbox
            door.write(START)
            _notice_absence(door, self._streams.absence_ms)
            await self._follow(Conversation(visitor, desk), wire, receive)
        finally:
            door.receiver = None
            desk.visitors.leave(visitor)
            desk.feeder.remove(visitor.outbox)
            visitor.outbox.close()
        if door.writable_now:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await _until_gone(receive)

    def _objection(self, visitor: Visitor) -> str | None:
        visitors = self._streams.desk.visitors
        if (objection := visitors.objection(visitor.address)) is not None:
            return objection
        visitors.enter(visitor)
        if visitors.authorize(visitor, self._following.grant):
            return None
        visitors.leave(visitor)
        return "too many clients of a key"

    async def _follow(self, conversation: Conversation, wire: EventWire, receive: Receive) -> None:
        tasks = {
            asyncio.create_task(self._talk(conversation, wire)),
            asyncio.create_task(_until_gone(receive)),
        }
        try:
            done: set[asyncio.Task[None]] = set()
            while not done:
                beat_s = self._streams.beat_s
                done, _ = await asyncio.wait(tasks, timeout=beat_s, return_when=asyncio.FIRST_COMPLETED)
                wire.beat()
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    async def _talk(self, conversation: Conversation, wire: EventWire) -> None:
        await conversation.answer(self._following.request)
        await wire.over.wait()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _notice_absence(door: Door, after_ms: int) -> None:
    # There is no answer to wait for, as a pong is: that the kernel gets none of the other side has to do.
    connection = door.transport.get_extra_info("socket")
    if connection is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, after_ms)
