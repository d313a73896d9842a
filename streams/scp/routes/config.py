"""What the page must know to begin: where the live data is, and a token for it. Never a vendor's key."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from streams.scp.plane import Plane
from streams.scp.roles import Role
from streams.version import VERSION


def make_router(plane: Plane) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")

    @router.get("/get_config", summary="Where the live data is, and a token for it")
    async def get_config(request: Request) -> dict[str, Any]:
        visitor = await plane.reception.admit(request, Role.VIEWER)
        url, access = plane.wds.url(request.scope), plane.wds.token(visitor.name)
        return {
            "wds_url": url,
            **access,
            # As clients know them that were there before tokens.
            "ws_endpoint": url,
            "api_key": access["token"] or "",
            "app_version": VERSION,
        }

    return router
