"""Login by an OIDC provider, over HTTP: there and back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from streams.errors import StreamsError
from streams.scp.addresses import address_of
from streams.scp.audit import Actor
from streams.scp.oidc import OidcProvider, OidcRefusedError
from streams.scp.plane import Plane
from streams.scp.routes.login import LOG_IN, OIDC, let_in

MAX_NEXT: Final = 1_000
"""Longest address of a view: it waits in a cookie while somebody is at the provider's."""
_NEXT: Final = "next"


def make_router(plane: Plane, provider: OidcProvider) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix=OIDC)
    home = f"{plane.reception.base_path}/"

    @router.get("/login", summary="Go to the provider", status_code=HTTPStatus.FOUND)
    async def login(request: Request) -> Response:
        request.session.clear()
        request.session[_NEXT] = _local(request.query_params.get("next", ""), home)
        try:
            return await provider.begin(request, f"{plane.reception.base_url(request)}{OIDC}/callback")
        except StreamsError as error:
            return _back(home, str(error))

    @router.get("/callback", summary="Come back from it", status_code=HTTPStatus.SEE_OTHER)
    async def callback(request: Request) -> Response:
        target = _local(str(request.session.get(_NEXT, "")), home)
        try:
            person, role = await provider.finish(request)
        except OidcRefusedError as error:
            return await _refused(plane, request, "(unknown)", f"the login was refused: {error}")
        except StreamsError as error:
            return _back(home, str(error))
        finally:
            request.session.clear()
        if role is None:
            return await _refused(plane, request, person.name, f"{person.name} has no role here")
        account = await plane.accounts.admit(person, role)
        if not account.is_active:
            return await _refused(plane, request, account.name, f"the account {account.name} is closed")
        return await let_in(plane, request, _back(target), account)

    return router


async def _refused(plane: Plane, request: Request, name: str, reason: str) -> Response:
    plane.counters.add("refused", reason="login failed")
    await plane.reception.note_refusal(Actor(name, "", address_of(request)), LOG_IN, name, reason)
    return _back(f"{plane.reception.base_path}/", reason)


def _back(target: str, error: str | None = None) -> RedirectResponse:
    """Return what sends the browser to a view of the page, which shows an error that it is given."""
    url = target if error is None else f"{target}?login_error={quote(error)}"
    return RedirectResponse(url, HTTPStatus.SEE_OTHER)


def _local(target: str, home: str) -> str:
    """Return a path of this server, whatever is asked for: never another one's address."""
    is_path = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_path and target.isprintable() and len(target) <= MAX_NEXT else home
