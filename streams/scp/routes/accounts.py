"""Accounts, for admins; and the audit log, for operators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from streams.scp import bodies
from streams.scp.accounts import describe
from streams.scp.plane import Plane
from streams.scp.refusals import RefusedError
from streams.scp.roles import Role
from streams.scp.tables import AuditRecord

RoleName = Literal["viewer", "trader", "operator", "admin"]
MAX_ENTRIES: Final = 1_000
DEFAULT_ENTRIES: Final = 100
_PAGED: Final = {
    "parameters": [
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 0}},
        {"name": "before", "in": "query", "schema": {"type": "integer", "minimum": 0}},
    ]
}


class NewAccountBody(BaseModel):
    """Body of POST /api/accounts."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=127)
    password: str = Field(max_length=4_096)
    role: RoleName


class ChangeBody(BaseModel):
    """Body of PATCH /api/accounts/{name}: what is to be changed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    role: RoleName | None = None
    active: bool | None = None
    password: str | None = Field(None, max_length=4_096)


def make_router(plane: Plane) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")

    @router.get("/audit", summary="The audit log, newest first (operator)", openapi_extra=_PAGED)
    async def audit(request: Request) -> dict[str, Any]:
        await plane.reception.admit(request, Role.OPERATOR)
        limit = _number(request, "limit", DEFAULT_ENTRIES)
        found = await plane.audit.read(max(1, min(limit or 1, MAX_ENTRIES)), _number(request, "before", None))
        return {"items": [_entry(record) for record in found]}

    @router.get("/accounts", summary="All accounts (admin)")
    async def listed(request: Request) -> dict[str, Any]:
        await plane.reception.admit(request, Role.ADMIN)
        return {"items": [describe(account) for account in await plane.accounts.all()]}

    @router.post(
        "/accounts",
        summary="Make an account (admin)",
        status_code=HTTPStatus.CREATED,
        openapi_extra=bodies.told(NewAccountBody),
    )
    async def create(request: Request) -> JSONResponse:
        visitor = await plane.reception.admit(request, Role.ADMIN, "create account")
        body = await bodies.read(request, NewAccountBody)
        hashed = await plane.passwords.hash(body.password)
        async with plane.audit.action(visitor.actor, "create account", body.username, f"role={body.role}"):
            account = await plane.accounts.create(body.username, hashed, Role.named(body.role))
        return JSONResponse(describe(account), HTTPStatus.CREATED)

    @router.patch(
        "/accounts/{name}", summary="Change an account (admin)", openapi_extra=bodies.told(ChangeBody)
    )
    async def change(request: Request, name: str) -> dict[str, Any]:
        visitor = await plane.reception.admit(request, Role.ADMIN, "change account", name)
        body = await bodies.read(request, ChangeBody)
        if not body.model_dump(exclude_none=True):
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing is to be changed")
        hashed = None if body.password is None else await plane.passwords.hash(body.password)
        detail = ", ".join(
            f"{field}={'(new)' if field == 'password' else getattr(body, field)}"
            for field in sorted(body.model_fields_set)
        )
        async with plane.audit.action(visitor.actor, "change account", name, detail):
            account = await plane.accounts.change(
                name,
                role=None if body.role is None else Role.named(body.role),
                is_active=body.active,
                password_hash=hashed,
            )
        return describe(account)

    @router.delete("/accounts/{name}", summary="Remove an account (admin)", status_code=HTTPStatus.NO_CONTENT)
    async def remove(request: Request, name: str) -> Response:
        visitor = await plane.reception.admit(request, Role.ADMIN, "remove account", name)
        async with plane.audit.action(visitor.actor, "remove account", name):
            await plane.accounts.remove(name)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _number(request: Request, name: str, default: int | None) -> int | None:
    given = request.query_params.get(name)
    if given is None:
        return default
    if not given.isdecimal() or len(given) > 18:  # noqa: PLR2004  what a database's integer holds
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} must be a number")
    return int(given)


def _entry(record: AuditRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "at_ms": record.at_ms,
        "user": record.account,
        "role": record.role,
        "address": record.address,
        "action": record.action,
        "target": record.target,
        "result": record.result,
        "detail": record.detail,
    }
