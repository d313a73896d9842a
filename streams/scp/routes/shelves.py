"""What users keep, over HTTP: the version of a document is its ETag."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from streams.scanner.user_screeners import board_of
from streams.scp import bodies, screener_check
from streams.scp.plane import Plane
from streams.scp.reception import Visitor
from streams.scp.refusals import RefusedError
from streams.scp.roles import Role
from streams.scp.shelves import ANY, MAX_BYTES, SCREENERS, SHELVES, Entry

_ETAG: Final = re.compile(r'(?:W/)?"([0-9]{1,18})"')
MAX_DEPTH: Final = 50
"""Deepest that lists and objects may be in each other: what reads them does so by calling itself."""
_NOT_OURS: Final = -2
"""A version that no document has."""


def make_router(plane: Plane) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/store")

    @router.get("/{shelf}", summary="What one keeps on a shelf")
    async def listed(request: Request, shelf: str) -> dict[str, Any]:
        visitor = await _owner(plane, request, shelf)
        found = await plane.shelves.index(visitor.account_id, shelf)
        return {"items": [entry._asdict() for entry in found]}

    @router.get("/{shelf}/{name}", summary="A document")
    async def get(request: Request, shelf: str, name: str) -> Response:
        visitor = await _owner(plane, request, shelf)
        document = await plane.shelves.get(visitor.account_id, shelf, name)
        if document is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is none of that name among the {shelf}")
        headers = {"etag": document.etag, "cache-control": "private, no-cache"}
        if _version(request.headers.get("if-none-match")) == document.version:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(document.content, media_type="application/json", headers=headers)

    @router.put("/{shelf}/{name}", summary="Keep a document", openapi_extra=bodies.told())
    async def put(request: Request, shelf: str, name: str) -> JSONResponse:
        # A screener costs the workers, whoever looks at its board.
        least = Role.TRADER if shelf == SCREENERS else Role.VIEWER
        visitor = await _owner(plane, request, shelf, least)
        value, content = _checked(await bodies.read_bytes(request, MAX_BYTES))
        if shelf == SCREENERS:
            screener_check.check(board_of(visitor.account_id, name), value, len(content))
        expected = _expected(request)
        document = await plane.shelves.put(visitor.account_id, shelf, name, content, expected)
        _tell(plane, shelf)
        entry = Entry(document.name, document.version, document.updated_ms, len(content))
        return JSONResponse(entry._asdict(), headers={"etag": document.etag})

    @router.delete("/{shelf}/{name}", summary="Remove a document", status_code=HTTPStatus.NO_CONTENT)
    async def remove(request: Request, shelf: str, name: str) -> Response:
        visitor = await _owner(plane, request, shelf)
        expected = _version(request.headers.get("if-match"))
        if not await plane.shelves.remove(visitor.account_id, shelf, name, expected):
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is none of that name among the {shelf}")
        _tell(plane, shelf)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _tell(plane: Plane, shelf: str) -> None:
    if shelf == SCREENERS:
        plane.screeners.changed()


async def _owner(plane: Plane, request: Request, shelf: str, least: Role = Role.VIEWER) -> Visitor:
    visitor = await plane.reception.admit(request, least)
    if shelf not in SHELVES:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"no such shelf: one of {', '.join(SHELVES)}")
    if not visitor.keeps_documents:
        raise RefusedError(HTTPStatus.FORBIDDEN, "log in to keep something")
    return visitor


def _expected(request: Request) -> int | None:
    """Return the version that a change replaces: 0 for none, ANY for one, None for whichever or none."""
    if request.headers.get("if-none-match") == "*":
        return 0
    return _version(request.headers.get("if-match"))


def _version(etag: str | None) -> int | None:
    if etag is None:
        return None
    if etag == "*":
        return ANY
    matched = _ETAG.fullmatch(etag.strip())
    return int(matched[1]) if matched else _NOT_OURS


def _checked(content: bytes) -> tuple[Any, str]:
    """Return JSON, and as short text."""
    try:
        value = json.loads(content, parse_constant=_refuse_constant)
        # Python reads 1e999 as a number that is none in JSON.
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except RecursionError:
        value, text = None, ""
    except ValueError as error:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the document is no JSON: {error}") from None
    if not text or _is_deeper(value, MAX_DEPTH):
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"the document is nested deeper than {MAX_DEPTH} levels"
        )
    return value, text


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
