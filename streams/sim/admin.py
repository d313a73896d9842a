"""The simulator's own endpoints: what it does, faults on demand, and when bars were sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from streams.sim.faults import FaultRequest, Faults
from streams.sim.hub import Hub
from streams.sim.newswire import Newswire
from streams.sim.rest_gate import RestFaultRequest, RestGate
from streams.sim.sent import SentLog

MAX_INJECTION = 64 * 1024 * 1024
"""Longest injected message, in bytes."""


class RateRequest(BaseModel):
    """A new rate, in events per second of real time."""

    model_config = ConfigDict(extra="forbid")

    rate: Annotated[float, Field(ge=0, le=5_000_000)]


class PlayRequest(BaseModel):
    """How far recordings are to go: frames and articles counted from their beginnings; null for all."""

    model_config = ConfigDict(extra="forbid")

    frames: Annotated[int, Field(ge=0)] | None = None
    articles: Annotated[int, Field(ge=0)] | None = None


def admin_router(
    hub: Hub,
    faults: Faults,
    rest: RestGate,
    sent: SentLog,
    status: Callable[[], dict[str, Any]],
    set_rate: Callable[[float], bool],
    play_until: Callable[[int | None, int | None], bool],
) -> APIRouter:
    """Return the endpoints under ``/sim``.

    Args:
        hub: The sessions.
        faults: What makes faults.
        rest: What makes the REST's.
        sent: What was sent.
        status: Tells what the simulator does.
        set_rate: Changes the rate; returns False where there is none, as in a replay.
        play_until: Lets recordings go on; returns False where the market is none.
    """
    router = APIRouter(prefix="/sim")

    @router.get("/status")
    async def get_status() -> dict[str, Any]:
        return status()

    @router.get("/sent")
    async def get_sent(symbols: Annotated[str, Query(min_length=1)]) -> list[tuple[str, int, int]]:
        return sent.of(symbols.split(","))

    @router.post("/fault")
    async def post_fault(request: FaultRequest) -> dict[str, Any]:
        return {"kind": request.kind, "connections_ended": await faults.make(request)}

    @router.post("/rest/fault")
    async def post_rest_fault(request: RestFaultRequest) -> dict[str, Any]:
        rest.make(request)
        return {"kind": request.kind, "calls": request.calls}

    @router.post("/rate")
    async def post_rate(request: RateRequest) -> dict[str, Any]:
        if not set_rate(request.rate):
            raise HTTPException(409, "a recording has no rate, only a speed")
        return {"rate": request.rate}

    @router.post("/play")
    async def post_play(request: PlayRequest) -> dict[str, Any]:
        if not play_until(request.frames, request.articles):
            raise HTTPException(409, "a synthetic market goes on by itself: only a recording can be held")
        return {"frames": request.frames, "articles": request.articles}

    @router.post("/inject")
    async def post_inject(request: Request, *, binary: bool = False) -> dict[str, Any]:
        """Send the body verbatim to all clients as one message; ``binary`` as a binary one."""
        body = await _body(request)
        return {"clients": await hub.inject(body, text=not binary), "bytes": len(body)}

    return router


def newswire_router(newswire: Newswire) -> APIRouter:
    """Return the newswire's endpoints under ``/sim/news``: its status, faults and injections."""
    router = APIRouter(prefix="/sim/news")

    @router.get("/status")
    async def get_status() -> dict[str, Any]:
        return newswire.status()

    @router.post("/fault")
    async def post_fault(request: FaultRequest) -> dict[str, Any]:
        return {"kind": request.kind, "connections_ended": await newswire.faults.make(request)}

    @router.post("/inject")
    async def post_inject(request: Request) -> dict[str, Any]:
        """Send the body verbatim to all clients as one message."""
        body = await _body(request)
        return {"clients": await newswire.hub.inject(body, text=True), "bytes": len(body)}

    return router


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_INJECTION:
            raise HTTPException(413, f"longer than {MAX_INJECTION} bytes")
    return body
