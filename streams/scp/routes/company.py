"""Company data over HTTP, as existing clients know it. The vendor's key stays here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from streams.errors import StreamsError
from streams.scp import company
from streams.scp.company_data import (
    CACHE,
    MAX_ARTICLES,
    NEWS,
    OVERVIEW,
    SHORT_INTEREST,
    SHORT_VOLUME,
    Topic,
)
from streams.scp.plane import Plane
from streams.scp.refusals import RefusedError
from streams.scp.roles import Role

FOR_A_MINUTE: Final = "private, max-age=60"
FOR_A_DAY: Final = "private, max-age=86400"
PATH: Final = "/api/market_data"
LOGO: Final = f"{PATH}/logo"
DEFAULT_ARTICLES: Final = 10
MAX_DIGITS: Final = 6
LOGO_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A logo may be a drawing with scripts in it: none of them runs, also where it is opened by itself."""


def make_router(plane: Plane) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix=PATH)

    @router.get("/company/{symbol:path}", summary="Who a company is")
    async def overview(request: Request, symbol: str) -> JSONResponse:
        return await _answer(plane, request, OVERVIEW, symbol)

    @router.get("/short_interest/{symbol:path}", summary="Its short interest")
    async def short_interest(request: Request, symbol: str) -> JSONResponse:
        return await _answer(plane, request, SHORT_INTEREST, symbol)

    @router.get("/short_volume/{symbol:path}", summary="Its short volume")
    async def short_volume(request: Request, symbol: str) -> JSONResponse:
        return await _answer(plane, request, SHORT_VOLUME, symbol)

    @router.get("/news/{symbol:path}", summary="News of it")
    async def news(request: Request, symbol: str) -> JSONResponse:
        name = await _symbol(plane, request, symbol)
        limit = _limit(request)
        articles: list[company.Fields] = await plane.companies.live_news(name, limit)
        source = CACHE
        if not articles:
            try:
                found, source = await plane.companies.get(NEWS, name)
            except StreamsError as error:
                return _failed(name, {"articles": []}, error)
            articles = found if isinstance(found, list) else []
        answer: dict[str, Any] = {"symbol": name, "articles": articles[:limit], "source": source}
        return _sent({**answer, "available": bool(articles)})

    @router.get("/logo/{symbol:path}", summary="Its logo")
    async def logo(request: Request, symbol: str) -> Response:
        name = await _symbol(plane, request, symbol)
        try:
            image = await plane.companies.logo(name)
        except StreamsError as error:
            return _failed(name, {}, error)
        kind = company.image_type(image)
        if kind is None:
            body = {"error": f"{name} has no logo"}
            return JSONResponse(body, HTTPStatus.NOT_FOUND, {"cache-control": FOR_A_DAY})
        headers = {"cache-control": FOR_A_DAY, "content-security-policy": LOGO_POLICY}
        return Response(image, media_type=kind, headers=headers)

    return router


async def _answer(plane: Plane, request: Request, topic: Topic, symbol: str) -> JSONResponse:
    name = await _symbol(plane, request, symbol)
    try:
        data, source = await plane.companies.get(topic, name)
    except StreamsError as error:
        return _failed(name, {"data": {}}, error)
    if topic is OVERVIEW and data and data.get("logo_url"):
        data = {**data, "logo_url": f"{plane.reception.base_path}{LOGO}/{quote(name, safe='')}"}
    return _sent({"symbol": name, "data": data, "source": source, "available": bool(data)})


async def _symbol(plane: Plane, request: Request, given: str) -> str:
    await plane.reception.admit(request, Role.VIEWER)
    symbol = company.symbol_of(given)
    if symbol is None:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "that is no symbol")
    return symbol


def _limit(request: Request) -> int:
    given = request.query_params.get("limit", "")
    return (
        max(1, min(int(given), MAX_ARTICLES))
        if given.isdecimal() and len(given) <= MAX_DIGITS
        else DEFAULT_ARTICLES
    )


def _sent(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse(body, headers={"cache-control": FOR_A_MINUTE})


def _failed(symbol: str, empty: dict[str, Any], error: StreamsError) -> JSONResponse:
    body = {"symbol": symbol, **empty, "available": False, "error": str(error)}
    return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE)
