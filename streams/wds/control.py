"""The control plane's way in: who is connected, and one client sent away. For nobody else."""

from __future__ import annotations

import math
from typing import Annotated, Final, NoReturn

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from streams.telemetry import Counters
from streams.wds.addresses import address_of
from streams.wds.auth import Gate
from streams.wds.control_tokens import Action, ControlTokens
from streams.wds.reception import Bearer
from streams.wds.roster import Roster
from streams.wds.throttle import Throttle

CLIENTS: Final = "/control/clients"
"""Below this path all of it is; no ingress leads here."""
MOST_WANTED: Final = 64
"""Most characters of what is looked for."""
OFF: Final = "clients are neither listed nor disconnected here: set WDS_JWT_SECRET for the WDS"

Wanted = Annotated[str, Query(alias="find", max_length=MOST_WANTED)]
ClientId = Annotated[str, Path(max_length=MOST_WANTED)]


class Control:
    """Answers the control plane.

    Args:
        tokens: What it shows; None where no secret is set, and all of this is off.
        gate: Tells those who are clients from strangers.
        throttle: How often it may ask; the WDS's for HTTP.
        roster: Who is connected.
        counters: Counts ``requests``, and ``refused`` ones by reason.
    """

    def __init__(
        self, tokens: ControlTokens | None, gate: Gate, throttle: Throttle, roster: Roster, counters: Counters
    ) -> None:
        self._tokens = tokens
        self._gate = gate
        self._throttle = throttle
        self._roster = roster
        self._counters = counters

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix=CLIENTS, include_in_schema=False)
        router.add_api_route("", self.clients, methods=["GET"])
        router.add_api_route("/{client_id}/disconnect", self.disconnect, methods=["POST"])
        return router

    async def clients(self, request: Request, bearer: Bearer, wanted: Wanted = "") -> Response:
        """Tell who is connected to this process."""
        self._admit(request, bearer, Action.LIST)
        return _answer(await self._roster.report(wanted))

    async def disconnect(self, request: Request, bearer: Bearer, client_id: ClientId) -> Response:
        """Send a client away, and tell who that was."""
        operator = self._admit(request, bearer, Action.DISCONNECT)
        client = self._roster.disconnect(client_id, operator)
        if client is None:
            raise HTTPException(404, "no such client: it has gone")
        return _answer(client)

    def _admit(self, request: Request, bearer: Bearer, action: Action) -> str:
        """Return by whose order the control plane asks.

        Raises:
            HTTPException: It is not the control plane (401; 403 for a client), it asks too often (429), or
                this is off (404).
        """
        if self._tokens is None:
            raise HTTPException(404, OFF)
        credential = "" if bearer is None else bearer.credentials
        operator = self._tokens.find(credential, action)
        address = address_of(request)
        # Apart from strangers at the same address: they are not to keep operators out.
        if wait_s := self._throttle.try_take(address if operator is None else f"control@{address}"):
            retry = {"Retry-After": str(math.ceil(wait_s))}
            self._refuse(429, "too many requests", "too many requests", retry)
        if operator is not None:
            self._counters.add("requests")
            return operator
        if credential and self._gate.enabled and self._gate.admit_by(credential) is not None:
            self._refuse(403, "this is the control plane's alone", "not allowed")
        what = "a token of the control plane is needed"
        self._refuse(401, what, "unauthorized", {"WWW-Authenticate": "Bearer"})

    def _refuse(self, status: int, what: str, reason: str, headers: dict[str, str] | None = None) -> NoReturn:
        self._counters.add("refused", reason=reason)
        raise HTTPException(status, what, headers)


def _answer(report: msgspec.Struct) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(report), media_type="application/json", headers=headers)
