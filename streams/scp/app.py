"""The web application of the SCP: the dashboard at /, its API below /api, /health for those who run it."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from streams.errors import BadInputError, StreamsError, UnavailableError
from streams.inspection.query import NoTopicError
from streams.metrics import Exposition, catalogue
from streams.scp.accounts import NoAccountError
from streams.scp.database import Database
from streams.scp.headers import Headers
from streams.scp.oidc import OidcProvider
from streams.scp.overview import Overview
from streams.scp.pages import Pages
from streams.scp.plane import Plane
from streams.scp.refusals import RefusedError
from streams.scp.routes import (
    accounts,
    company,
    components,
    config,
    login,
    oidc,
    overview,
    records,
    reference,
    screeners,
    shelves,
    wds,
)
from streams.scp.shelves import ConflictError
from streams.telemetry import Reporter
from streams.version import VERSION

OIDC_LOGIN_S: Final = 600
"""How long somebody may take at the provider's."""

logger: Final = logging.getLogger(__name__)

DESCRIPTION: Final = (
    "The dashboard's API. Requests but GET carry in the header X-CSRF-Token what GET /api/session tells."
)

_Handler = Callable[[Request, Exception], Awaitable[Response]]


class Problem(BaseModel):
    """Body of every answer that is no success.

    Attributes:
        error: One line for people.
    """

    error: str


class ControlPlaneApp:
    """Puts the routes together.

    Args:
        plane: What they share.
        database: Asked on /health.
        overview: What is watched.
        provider: The OIDC provider; None for local accounts alone.
        secret: This installation's, which signs what a login by OIDC remembers.
    """

    def __init__(
        self,
        plane: Plane,
        database: Database,
        overview: Overview,
        provider: OidcProvider | None,
        secret: str,
    ) -> None:
        self._plane = plane
        self._database = database
        self._overview = overview
        self._provider = provider
        self._secret = secret
        self._exposition = Exposition("scp", catalogue.SCP, plane.counters)
        self._pages = Pages()
        self._started = time.monotonic()
        self._reporter = Reporter(logger)

    def asgi(self) -> ASGIApp:
        """Return the ASGI application."""
        # Around everything: errors and refused hosts are answers of ours, too.
        return Headers(self._routes(), self._plane.wds)

    async def health(self) -> JSONResponse:
        """Tell how it is: 200 while the database answers, else 503."""
        problem = None
        try:
            await self._database.ping()
        except UnavailableError as error:
            problem = str(error)
        state = {
            "status": "ok" if problem is None else "degraded",
            "last_error": problem,
            "version": VERSION,
            "uptime_s": round(time.monotonic() - self._started, 1),
            "process": os.getpid(),
            "counters": self._plane.counters.snapshot(),
        }
        status = HTTPStatus.OK if problem is None else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(state, status, {"cache-control": "no-store"})

    async def metrics(self, request: Request) -> Response:
        """Give the figures for Prometheus."""
        content, content_type = self._exposition.render(request.headers.get("accept", ""))
        return Response(content, media_type=content_type)

    async def page(self, request: Request, path: str) -> Response:
        """Return a file of the dashboard, or the dashboard itself for one of its views."""
        if path == "api" or path.startswith("api/"):
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such endpoint")
        return self._pages.answer(request, path or "index.html")

    def _routes(self) -> FastAPI:
        plane = self._plane
        app = FastAPI(
            title="Service control plane",
            description=DESCRIPTION,
            version=VERSION,
            docs_url=None,
            redoc_url=None,
            openapi_url="/api/openapi.json",
            responses={"default": {"model": Problem, "description": "Why it was not done."}},
        )
        if plane.settings.scp_allowed_hosts != ["*"]:
            app.add_middleware(TrustedHostMiddleware, allowed_hosts=plane.settings.scp_allowed_hosts)
        if self._provider is not None:
            self._add_oidc(app, self._provider)
        for router in (
            login.make_router(plane),
            accounts.make_router(plane),
            config.make_router(plane),
            shelves.make_router(plane),
            screeners.make_router(plane),
            company.make_router(plane),
            components.make_router(plane, self._overview.monitor),
            overview.make_router(plane, self._overview),
            reference.make_router(plane, self._overview),
            records.make_router(plane),
            wds.make_router(plane, self._overview.clients),
        ):
            app.include_router(router)
        app.add_api_route("/health", self.health, methods=["GET"])
        app.add_api_route("/metrics", self.metrics, methods=["GET"], response_class=PlainTextResponse)
        app.add_api_route("/{path:path}", self.page, methods=["GET", "HEAD"], include_in_schema=False)
        for kind, handle in self._handlers():
            app.add_exception_handler(kind, handle)
        return app

    def _add_oidc(self, app: FastAPI, provider: OidcProvider) -> None:
        settings = self._plane.settings
        app.include_router(oidc.make_router(self._plane, provider))
        app.add_middleware(
            SessionMiddleware,
            secret_key=self._secret,
            session_cookie="scp_oidc",
            path=f"{self._plane.reception.base_path}{login.OIDC}",
            max_age=OIDC_LOGIN_S,
            same_site="lax",
            https_only=settings.scp_ssl_certfile is not None
            or (settings.scp_public_url or "").startswith("https:"),
        )

    def _handlers(self) -> tuple[tuple[type[Exception], _Handler], ...]:
        return (
            (RefusedError, self._refused),
            (ConflictError, _answering(HTTPStatus.PRECONDITION_FAILED)),
            (NoAccountError, _answering(HTTPStatus.NOT_FOUND)),
            (NoTopicError, _answering(HTTPStatus.NOT_FOUND)),
            (BadInputError, _answering(HTTPStatus.UNPROCESSABLE_ENTITY)),
            (UnavailableError, self._unavailable),
            (StreamsError, _answering(HTTPStatus.INTERNAL_SERVER_ERROR)),
            (HTTPException, _http),
            (Exception, self._crashed),
        )

    async def _refused(self, _request: Request, error: Exception) -> Response:
        assert isinstance(error, RefusedError)  # noqa: S101  FastAPI's type of handlers is wider
        headers = {}
        if error.retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(error.retry_after_s))
        return JSONResponse({"error": str(error), **error.details}, error.status, headers)

    async def _unavailable(self, _request: Request, error: Exception) -> Response:
        self._plane.counters.add("unavailable")
        self._reporter.warn("a request could not be answered", str(error))
        return JSONResponse({"error": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE, {"retry-after": "2"})

    async def _crashed(self, request: Request, error: Exception) -> Response:
        self._plane.counters.add("crashed")
        self._reporter.warn("a request crashed", f"{request.url.path}: {error!r}")
        body = {"error": "an error of the server; its log tells more"}
        return JSONResponse(body, HTTPStatus.INTERNAL_SERVER_ERROR)


def _answering(status: HTTPStatus) -> _Handler:
    async def answer(_request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status)

    return answer


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  as above
    return JSONResponse({"error": str(error.detail)}, error.status_code, dict(error.headers or {}))
