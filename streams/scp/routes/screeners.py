"""Which screeners somebody can look at: his own, which `shelves` stores, and those of the file."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request

from streams.scanner import user_screeners
from streams.scanner.definition import define
from streams.scp.plane import Plane
from streams.scp.roles import Role
from streams.scp.screener_check import faults_of
from streams.scp.shelves import SCREENERS
from streams.scp.tables import Document


def make_router(plane: Plane) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/screeners")

    @router.get("", summary="Screeners: one's own, and those of the file")
    async def listed(request: Request) -> dict[str, Any]:
        visitor = await plane.reception.admit(request, Role.VIEWER)
        own = await plane.shelves.list(visitor.account_id, SCREENERS) if visitor.keeps_documents else ()
        return {
            "own": [_described(document, visitor.role) for document in own],
            "file": [
                {"name": screener.name, "board": screener.name, "definition": define(screener)}
                for screener in plane.file_screeners.screeners
            ],
            "most": plane.settings.scp_screeners_per_user,
            "may_edit": visitor.role >= Role.TRADER,
        }

    return router


def _described(document: Document, role: Role) -> dict[str, Any]:
    board = user_screeners.board_of(document.account_id, document.name)
    definition = json.loads(document.content)
    problems = [fault.reason for fault in faults_of(board, definition)]
    if role < Role.TRADER:
        problems.insert(0, f"only a {Role.TRADER.title}'s screeners have boards")
    return {
        "name": document.name,
        "board": board,
        "version": document.etag,
        "definition": definition,
        "problem": problems[0] if problems else None,
    }
