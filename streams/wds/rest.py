"""REST beside the socket: what the feeds are, and what they hold now."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, Field

from streams import feeds
from streams.feeds import Feed, Kind
from streams.wds.enveloped.options import MAX_LIMIT, Options
from streams.wds.enveloped.values import shaped
from streams.wds.grants import Grant
from streams.wds.interests import family_pattern
from streams.wds.protocol import MAX_NAME, NULL
from streams.wds.reception import Admitted
from streams.wds.replies import Replies
from streams.wds.snapshots import Snapshots

NOT_ALLOWED: Final = 403
NOT_FOUND: Final = 404
UNAVAILABLE: Final = 503
ENTRIES: Final = 1_000
"""Most entries of a list where no limit is given: it may have ten times as many."""
RETRY_S: Final = "1"
"""When to ask again what Redis did not answer."""

Limit = Annotated[
    int | None,
    Query(
        ge=1,
        le=MAX_LIMIT,
        description="most entries of a list, newest first (1,000 without it), or most rows of a board",
    ),
]
Name = Annotated[
    str,
    Path(
        max_length=MAX_NAME, description="the feed's key, such as scanners:top_volume", examples=["quote:A"]
    ),
]
Symbol = Annotated[str, Path(max_length=MAX_NAME, description="a symbol, such as BRK.B", examples=["A"])]


class ErrorReply(BaseModel):
    """What went wrong, in one line."""

    error: str


class FeedReply(BaseModel):
    """A feed of the catalogue, or a family of feeds.

    Attributes:
        name: Its key; a family's has a place in braces.
        glob: What to subscribe for all of it.
        kind: ``latest`` or ``list``.
        ttl_s: Seconds after the last write until it is gone.
        bound: Most entries of a list; 1 for a latest value.
        description: What it holds.
    """

    name: str = Field(examples=["quote:{symbol}"])
    glob: str = Field(examples=["quote:*"])
    kind: Kind
    ttl_s: int
    bound: int
    description: str

    @classmethod
    def of(cls, feed: Feed) -> FeedReply:
        """Return a feed as the catalogue shows it."""
        place = "{symbol}" if feed.names is None else "{name}"
        return cls(
            name=feed.pattern.replace("{}", place),
            glob=family_pattern(feed) or feed.pattern,
            kind=feed.kind,
            ttl_s=feed.ttl,
            bound=feed.bound,
            description=feed.about,
        )


Documented = dict[int | str, dict[str, Any]]
"""Replies by status, as FastAPI takes them."""
_DESCRIPTIONS: Final[dict[int | str, str]] = {
    400: "The request makes no sense.",
    401: "No key or token, or a wrong one.",
    403: "The key does not allow this feed.",
    404: "There is no such feed, or it holds nothing now.",
    429: "Too many requests; Retry-After tells when to come again.",
    503: "Redis does not answer, or the service is about to stop.",
    # FastAPI would promise its own form of error else.
    "default": "Any other error.",
}
ERRORS: Final[Documented] = {
    status: {"model": ErrorReply, "description": description} for status, description in _DESCRIPTIONS.items()
}
VALUE: Final[Documented] = {
    200: {"description": "The value, as it is published.", "content": {"application/json": {"schema": {}}}},
    304: {"description": "It is still the one of If-None-Match."},
    **ERRORS,
}


class Rest:
    """Answers what is asked over HTTP.

    Args:
        snapshots: Current values.
        replies: How they become replies.
    """

    def __init__(self, snapshots: Snapshots, replies: Replies) -> None:
        self._snapshots = snapshots
        self._replies = replies

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        listed: Documented = {200: {"model": list[FeedReply]}, **VALUE}
        listed[200]["description"] = "The feeds."
        for path, handler, responses in (
            ("/feeds", self.feeds, listed),
            ("/feeds/{name:path}", self.feed, VALUE),
            ("/quotes/{symbol:path}", self.quote, VALUE),
            ("/news/{ticker:path}", self.news, VALUE),
        ):
            router.add_api_route(path, handler, methods=["GET"], responses=responses)
            router.add_api_route(path, handler, methods=["HEAD"], include_in_schema=False)
        return router

    async def feeds(self, request: Request, grant: Admitted) -> Response:
        """List the feeds that the key allows."""
        cards = [FeedReply.of(feed) for feed in feeds.CATALOGUE]
        allowed = [card.model_dump(mode="json") for card in cards if grant.may_subscribe(card.glob)]
        return await self._replies.value(request, msgspec.json.encode(allowed))

    async def feed(self, request: Request, name: Name, grant: Admitted, limit: Limit = None) -> Response:
        """Return what a feed holds now."""
        return await self._read(request, name, grant, limit)

    async def quote(self, request: Request, symbol: Symbol, grant: Admitted) -> Response:
        """Return the row of a symbol: price, volume, change."""
        return await self._read(request, feeds.QUOTE.key(symbol), grant, None)

    async def news(self, request: Request, ticker: Symbol, grant: Admitted, limit: Limit = None) -> Response:
        """Return the articles that name a symbol, newest first."""
        return await self._read(request, feeds.NEWS_TICKER.key(ticker), grant, limit)

    async def _read(self, request: Request, name: str, grant: Grant, limit: int | None) -> Response:
        feed = feeds.feed_of_key(name)
        if feed is None:
            raise HTTPException(NOT_FOUND, f"no such feed: {name} (GET /feeds lists them)")
        if not grant.may_read(name):
            raise HTTPException(NOT_ALLOWED, f"not allowed: {name}")
        value = await self._snapshots.get(name, limit or ENTRIES)
        if value is None:
            raise HTTPException(UNAVAILABLE, "Redis does not answer", {"Retry-After": RETRY_S})
        if value == NULL:
            if feed.kind is not Kind.LIST:
                raise HTTPException(NOT_FOUND, f"{name} holds nothing now")
            value = b"[]"
        elif limit and feed.kind is not Kind.LIST:
            value = shaped(value, Options(limit=limit))
        return await self._replies.value(request, value)
