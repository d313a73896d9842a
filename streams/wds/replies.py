"""Values as HTTP replies: with an ETag, compressed where the client takes it, errors in one line."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from typing import Final, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from streams.wds.conversation import LONG_BYTES

NOT_MODIFIED: Final = 304
WRONG: Final = 400
MIN_GZIP_BYTES: Final = 1_024
"""Below this a reply fits into a packet anyhow."""

T = TypeVar("T")


class Replies:
    """Makes replies.

    Args:
        level: gzip's, 1 to 9; 0 for none.
    """

    def __init__(self, level: int) -> None:
        self._level = level

    async def value(self, request: Request, body: bytes) -> Response:
        """Return a value's reply, or that it is still the one that the client has (304).

        Args:
            request: What was asked.
            body: JSON.
        """
        etag = await _beside(_etag, body)
        # What a client may read depends on its key; and it has to ask each time whether it has changed.
        headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
        if holds(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=NOT_MODIFIED, headers=headers)
        accepted = takes_gzip(request.headers.get("accept-encoding", ""))
        if self._level and accepted and len(body) >= MIN_GZIP_BYTES:
            headers["Content-Encoding"] = "gzip"
            body = await _beside(self._zipped, body)
        return Response(body, headers=headers, media_type="application/json")

    def _zipped(self, body: bytes) -> bytes:
        return gzip.compress(body, self._level, mtime=0)


async def _beside(work: Callable[[bytes], T], body: bytes) -> T:
    # What takes long is done beside the event loop.
    return await asyncio.to_thread(work, body) if len(body) >= LONG_BYTES else work(body)


def _etag(body: bytes) -> str:
    return f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def holds(if_none_match: str, etag: str) -> bool:
    """Tell whether an If-None-Match names an ETag, weakly compared (RFC 9110, 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag.removeprefix("W/") in tags or tags == ["*"]


def takes_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding takes gzip (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        weights[coding.strip()] = _weight(parameters)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


async def tell_error(_: Request, error: Exception) -> Response:
    """Return what an exception of a handler says, as an object of one line."""
    if isinstance(error, RequestValidationError):
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in error.errors()
        )
        return JSONResponse({"error": faults}, WRONG)
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code, dict(error.headers or {}))
    raise error
