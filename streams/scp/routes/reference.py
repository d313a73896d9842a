"""How reference data is, and what the exchange's calendar says."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from streams.scp.clock import now_ms
from streams.scp.market_days import market_days
from streams.scp.overview import Overview
from streams.scp.plane import Plane
from streams.scp.roles import Role


def make_router(plane: Plane, overview: Overview) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")

    @router.get("/reference", summary="How complete reference data is")
    async def reference(request: Request) -> dict[str, Any]:
        """Tell of which day reference data is, when it was loaded, and what of it is unknown."""
        await plane.reception.admit(request, Role.VIEWER)
        return overview.describe_reference()

    @router.get("/calendar", summary="Sessions, holidays and half-days")
    async def calendar(request: Request) -> dict[str, Any]:
        """Tell today's sessions, what comes next, and the holidays and half-days of the next 120 days."""
        await plane.reception.admit(request, Role.VIEWER)
        at_ms = now_ms()
        return {"at_ms": at_ms, **market_days(overview.calendar, at_ms)}

    return router
