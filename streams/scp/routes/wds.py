"""The clients of the WDS over HTTP: who is connected, and one of them sent away."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from streams.scp.plane import Plane
from streams.scp.refusals import RefusedError
from streams.scp.roles import Role
from streams.scp.wds_clients import Found, WdsClients
from streams.wds.control import MOST_WANTED

DISCONNECT: Final = "disconnect"
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9]{1,15}")

Wanted = Annotated[
    str,
    Query(
        alias="find", max_length=MOST_WANTED, description="a client's id, or a part of names and addresses"
    ),
]


def make_router(plane: Plane, clients: WdsClients) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/wds/clients")

    @router.get("", summary="The WDS's clients, the slowest first (operator)")
    async def listed(request: Request, wanted: Wanted = "") -> dict[str, Any]:
        visitor = await plane.reception.admit(request, Role.OPERATOR)
        return await clients.describe(visitor.name, wanted.strip())

    @router.post("/{client_id}/disconnect", summary="Send a client away (operator)")
    async def disconnect(request: Request, client_id: str) -> dict[str, Any]:
        target = f"client {client_id}"
        visitor = await plane.reception.admit(request, Role.OPERATOR, DISCONNECT, target)
        try:
            found = await _found(clients, visitor.name, client_id)
        except RefusedError as error:
            await plane.reception.note_refusal(visitor.actor, DISCONNECT, target, str(error))
            raise
        async with plane.audit.action(visitor.actor, DISCONNECT, target, found.text):
            await clients.disconnect(visitor.name, found)
        return {"disconnected": found.text}

    return router


async def _found(clients: WdsClients, operator: str, client_id: str) -> Found:
    if not _ID.fullmatch(client_id):
        raise RefusedError(HTTPStatus.NOT_FOUND, "no such client: ids are those of GET /api/wds/clients")
    return await clients.find(operator, client_id)
