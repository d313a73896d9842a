"""How Kafka and Redis are, and what is alarming."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from streams.scp.clock import now_ms
from streams.scp.overview import Overview
from streams.scp.plane import Plane
from streams.scp.roles import Role


def make_router(plane: Plane, overview: Overview) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")

    @router.get("/topics", summary="Kafka's topics and who reads them")
    async def topics(request: Request) -> dict[str, Any]:
        """Tell how Kafka's topics are, and who reads them."""
        await plane.reception.admit(request, Role.VIEWER)
        return overview.topics.describe()

    @router.get("/redis", summary="How Redis is")
    async def redis(request: Request) -> dict[str, Any]:
        await plane.reception.admit(request, Role.VIEWER)
        return {"at_ms": now_ms(), "servers": overview.redis.describe()}

    @router.get("/alarms", summary="What needs somebody now")
    async def alarms(request: Request) -> dict[str, Any]:
        """Tell what is wrong now, and for a while what was."""
        await plane.reception.admit(request, Role.VIEWER)
        return {"at_ms": now_ms(), "alarms": overview.alarms.describe()}

    return router
