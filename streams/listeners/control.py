"""The control API that every listener has, on its own port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any, Protocol

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from streams.errors import BadInputError, UnavailableError
from streams.metrics import Exposition, catalogue
from streams.telemetry import Counters
from streams.version import VERSION
from streams.web_server import WebServer


class Controllable(Protocol):
    """What the control API needs of a listener."""

    name: str
    counters: Counters

    def health(self) -> dict[str, Any]:
        """Return the truth; its ``healthy`` says whether data flows."""

    async def start(self) -> bool:
        """Connect; return False where it was started before."""

    async def stop(self) -> bool:
        """Disconnect; return False where it was stopped before."""

    async def restart(self) -> None:
        """Connect anew."""

    async def retarget(self, feed: str | None = None, market: str | None = None) -> None:
        """Connect to another feed or market; raises BadInputError where it cannot be used."""

    async def subscribe(self, subscriptions: list[str]) -> None:
        """Replace the subscriptions; raises BadInputError where one cannot be used."""


class FeedBody(BaseModel):
    """Body of POST /feed."""

    feed: str = Field(min_length=1, max_length=255)


class MarketBody(BaseModel):
    """Body of POST /market."""

    market: str = Field(min_length=1, max_length=64)


class SubscriptionsBody(BaseModel):
    """Body of POST /subscriptions."""

    subscriptions: list[str] = Field(min_length=1, max_length=10_000)


def make_app(listener: Controllable) -> FastAPI:
    """Return the control API of ``listener``. Errors are ``{"error": one line}``."""
    app = FastAPI(title=f"{listener.name} listener", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(RequestValidationError, _bad_body)
    app.add_exception_handler(BadInputError, _bad_input)

    exposition = Exposition(f"{listener.name}-listener", catalogue.LISTENER, listener.counters)

    def state() -> dict[str, Any]:
        return {"state": listener.health()["state"]}

    @app.get("/")
    async def about() -> dict[str, Any]:
        return {
            "service": f"{listener.name} listener",
            **state(),
            "endpoints": sorted(route.path for route in app.routes if hasattr(route, "path")),
        }

    @app.get("/health")
    async def health() -> JSONResponse:
        truth = listener.health()
        return JSONResponse({**truth, "version": VERSION}, 200 if truth["healthy"] else 503)

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        content, content_type = exposition.render(request.headers.get("accept", ""))
        return Response(content, media_type=content_type)

    @app.post("/start")
    async def start() -> dict[str, Any]:
        return {"changed": await listener.start(), **state()}

    @app.post("/stop")
    async def stop() -> dict[str, Any]:
        return {"changed": await listener.stop(), **state()}

    @app.post("/restart")
    async def restart() -> dict[str, Any]:
        await listener.restart()
        return {"changed": True, **state()}

    @app.post("/feed")
    async def feed(body: FeedBody) -> dict[str, Any]:
        await listener.retarget(feed=body.feed)
        return {"feed": body.feed, **state()}

    @app.post("/market")
    async def market(body: MarketBody) -> dict[str, Any]:
        await listener.retarget(market=body.market)
        return {"market": body.market, **state()}

    @app.post("/subscriptions")
    async def subscriptions(body: SubscriptionsBody) -> dict[str, Any]:
        await listener.subscribe(body.subscriptions)
        return {"subscriptions": body.subscriptions, **state()}

    return app


async def _bad_body(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  FastAPI's type of handlers is wider
    faults = "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
    )
    return JSONResponse({"error": faults}, 422)


async def _bad_input(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 422)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 takes a free one.

    Raises:
        UnavailableError: The port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        raise UnavailableError(f"cannot listen on {host}:{port}: {error}") from None
    listening.setblocking(False)
    return listening


@contextlib.asynccontextmanager
async def serve(app: FastAPI, listening: socket.socket) -> AsyncIterator[None]:
    """Serve ``app`` on a listening socket for as long as the context lasts, and close the socket."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1, ws="none"
    )
    server = WebServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="control-api")
    try:
        yield
    finally:
        server.should_exit = True
        await serving
        listening.close()
