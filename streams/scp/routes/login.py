"""Logging in and out, and what a browser is told of itself."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from streams.scp import bodies
from streams.scp.addresses import address_of, network_of
from streams.scp.audit import OK, REFUSED, Actor
from streams.scp.plane import Plane
from streams.scp.reception import Visitor
from streams.scp.refusals import RefusedError
from streams.scp.roles import Role
from streams.scp.tables import Account, LoginRecord

LOG_IN: Final = "log in"
OIDC: Final = "/api/oidc"
"""Below it is the login by a provider, where there is one."""


class LoginBody(BaseModel):
    """Body of POST /api/login."""

    username: str = Field(min_length=1, max_length=128)
    password: str = Field(min_length=1, max_length=4_096)


class PasswordBody(BaseModel):
    """Body of POST /api/password."""

    old: str = Field(min_length=1, max_length=4_096)
    new: str = Field(max_length=4_096)


def make_router(plane: Plane) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")
    reception = plane.reception

    @router.get("/session", summary="Who is logged in, and how one can")
    async def session(request: Request) -> JSONResponse:
        provider = f"{reception.base_path}{OIDC}/login" if plane.settings.scp_oidc_issuer else None
        ways = {"password": True, "oidc": provider}
        visitor = await reception.identify(request)
        if visitor is None:
            answer = {"error": "log in first", "login": ways}
            return JSONResponse(answer, HTTPStatus.UNAUTHORIZED, {"cache-control": "no-store"})
        return JSONResponse({**_described(visitor), "login": ways}, headers={"cache-control": "no-store"})

    @router.post("/login", summary="Log in with a password", openapi_extra=bodies.told(LoginBody))
    async def login(request: Request) -> Response:
        if not reception.is_ours(request):
            reason = (
                "logins come from our own page only; behind a proxy SCP_PUBLIC_URL must say where that is"
            )
            raise RefusedError(HTTPStatus.FORBIDDEN, reason)
        body = await bodies.read(request, LoginBody)
        account = await _check(plane, request, body)
        response = JSONResponse({"user": account.name, "role": account.role})
        return await let_in(plane, request, response, account)

    @router.post("/logout", summary="Log out", status_code=HTTPStatus.NO_CONTENT)
    async def logout(request: Request) -> Response:
        visitor = await reception.admit(request, Role.VIEWER)
        if visitor.login_id is not None:
            await plane.logins.end(visitor.account_id, id=visitor.login_id)
            await plane.audit.write(visitor.actor, "log out", visitor.name, OK)
        response = Response(status_code=HTTPStatus.NO_CONTENT)
        reception.take_cookie(request, response)
        return response

    @router.get("/logins", summary="The browsers that one is logged in with")
    async def logins(request: Request) -> dict[str, Any]:
        visitor = await _one_with_login(plane, request)
        found = await plane.logins.of(visitor.account_id)
        return {"items": [_listed(record, visitor) for record in found]}

    @router.delete("/logins/{id}", summary="Log one of them out", status_code=HTTPStatus.NO_CONTENT)
    async def end_login(request: Request, id: str) -> Response:  # noqa: A002  its name in the path
        visitor = await _one_with_login(plane, request)
        if not await plane.logins.end(visitor.account_id, id=id):
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such login")
        await plane.audit.write(visitor.actor, "end login", visitor.name, OK)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.post("/password", summary="Change one's password", openapi_extra=bodies.told(PasswordBody))
    async def password(request: Request) -> Response:
        visitor = await _one_with_login(plane, request)
        body = await bodies.read(request, PasswordBody)
        given = LoginBody(username=visitor.name, password=body.old)
        await _check(plane, request, given, action="change password")
        hashed = await plane.passwords.hash(body.new)
        async with plane.audit.action(visitor.actor, "change password", visitor.name):
            account = await plane.accounts.change(visitor.name, password_hash=hashed)
        response = JSONResponse({"user": account.name, "role": account.role})
        return await let_in(plane, request, response, account)

    return router


async def let_in(plane: Plane, request: Request, response: Response, account: Account) -> Response:
    """Give whoever has shown who he is a login of his own; return the response with its cookie."""
    address = address_of(request)
    before = await plane.reception.identify(request)
    if before is not None and before.login_id is not None:
        await plane.logins.end(before.account_id, id=before.login_id)
    login = await plane.logins.begin(account, address, request.headers.get("user-agent", ""))
    await plane.accounts.note_login(account)
    await plane.audit.write(Actor(account.name, account.role, address), LOG_IN, account.name, OK)
    plane.counters.add("logins")
    plane.reception.give_cookies(request, response, login, account.name)
    return response


async def _check(plane: Plane, request: Request, body: LoginBody, action: str = LOG_IN) -> Account:
    """Return the account whose password was given."""
    name, address = body.username.strip().lower(), address_of(request)
    tried = (name, network_of(address), plane.reception.device_of(request, name))
    if wait_s := plane.throttle.begin(*tried):
        plane.counters.add("refused", reason="login too often")
        message = f"too many tries: wait {math.ceil(wait_s)} s"
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, message, wait_s)
    account = await plane.accounts.find(name)
    is_right = await plane.passwords.is_right(body.password, account.password_hash if account else None)
    if account is None or not is_right or not account.is_active:
        plane.counters.add("refused", reason="login failed")
        # The name may be a password that was typed into the wrong field: only known ones are written down.
        who = Actor(account.name if account else "(unknown)", "", address)
        await plane.audit.write(who, action, who.name, REFUSED, "wrong name or password")
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "wrong name or password")
    plane.throttle.forgive(*tried)
    return account


async def _one_with_login(plane: Plane, request: Request) -> Visitor:
    visitor = await plane.reception.admit(request, Role.VIEWER)
    if visitor.login_id is None:
        raise RefusedError(HTTPStatus.FORBIDDEN, "log in first")
    return visitor


def _described(visitor: Visitor) -> dict[str, Any]:
    return {
        "user": visitor.name,
        "role": visitor.role.title,
        "csrf": visitor.csrf,
        "anonymous": visitor.login_id is None,
    }


def _listed(record: LoginRecord, visitor: Visitor) -> dict[str, Any]:
    return {
        "id": record.id,
        "created_ms": record.created_ms,
        "seen_ms": record.seen_ms,
        "address": record.address,
        "agent": record.agent,
        "current": record.id == visitor.login_id,
    }
