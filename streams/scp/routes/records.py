"""Records of topics over HTTP: for operators who ask what a topic holds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from fastapi import APIRouter, Request, Response

from streams.errors import BadInputError
from streams.inspection import times
from streams.inspection.query import DEFAULT_RECORDS, MOST_RECORDS, Query, parse_marks, topic_named
from streams.inspection.reader import inspect
from streams.scp.clock import now_ms
from streams.scp.plane import Plane
from streams.scp.refusals import RefusedError
from streams.scp.roles import Role
from streams.settings import Settings

MOST_AT_ONCE: Final = 3
"""Each makes connections of its own to Kafka."""
MAX_DIGITS: Final = 18
MEANINGS: Final = {
    "symbol": "only events of this symbol",
    "partition": "only this partition",
    "offset": "from this offset on, of one partition",
    "time": "from this time on: 09:30:00 (today, ET), 2026-11-20 09:30:00 (ET), or ms since 1970",
    "newest": f"the newest so many; {DEFAULT_RECORDS} where no start is given",
    "onward": "from where another answer ended: its `later`",
    "before": "before where another answer began: its `earlier`",
    "limit": f"most records, up to {MOST_RECORDS}",
}
_PARAMETERS: Final = {
    "parameters": [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
        for name, meaning in MEANINGS.items()
    ]
}


def make_router(plane: Plane) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/topics")
    under_way = asyncio.Semaphore(MOST_AT_ONCE)

    @router.get("/{topic}/records", summary="Records of a topic (operator)", openapi_extra=_PARAMETERS)
    async def records(request: Request, topic: str) -> Response:
        await plane.reception.admit(request, Role.OPERATOR)
        query = _query(plane.settings, topic, request.query_params)
        if under_way.locked():
            reason = f"{MOST_AT_ONCE} other readings of topics are under way: try again in a moment"
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, reason, retry_after_s=1)
        async with under_way:
            found = await inspect(plane.settings, query)
        return Response(msgspec.json.encode(found), media_type="application/json")

    return router


def _query(settings: Settings, topic: str, given: Mapping[str, str]) -> Query:
    """Return what is asked; what is left empty is not asked.

    Raises:
        BadInputError: A parameter is unknown or cannot be used.
    """
    asked = {name: text.strip() for name, text in given.items() if text.strip()}
    unknown = asked.keys() - MEANINGS.keys()
    if unknown:
        raise BadInputError(f"no such parameter: {min(unknown)[:40]!r}; there are {', '.join(MEANINGS)}")
    if "newest" in asked and asked.keys() & {"offset", "time", "onward", "before", "limit"}:
        raise BadInputError("newest stands alone: no other start, and no limit")
    numbers = {name: _number(name, asked) for name in ("partition", "offset", "newest", "limit")}
    marks = {name: parse_marks(asked[name]) for name in ("onward", "before") if name in asked}
    most = numbers["limit"] if numbers["newest"] is None else numbers["newest"]
    return Query(
        topic_named(settings, topic),
        symbol=asked.get("symbol"),
        partition=numbers["partition"],
        offset=numbers["offset"],
        time_ms=times.parse(asked["time"], now_ms()) if "time" in asked else None,
        onward=marks.get("onward"),
        before=marks.get("before"),
        most=DEFAULT_RECORDS if most is None else most,
    )


def _number(name: str, asked: Mapping[str, str]) -> int | None:
    text = asked.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS):
        raise BadInputError(f"{name}: {text[:40]!r} is no whole number from 0 on")
    return int(text)
