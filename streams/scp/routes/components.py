"""The components over HTTP: how they are, and what operators have them do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel

from streams.errors import BadInputError, UnavailableError
from streams.listeners.control import FeedBody, MarketBody, SubscriptionsBody
from streams.scp import bodies
from streams.scp.clock import now_ms
from streams.scp.monitor import ACTION_TIMEOUT_S, FAILURES, Monitor, Subject
from streams.scp.plane import Plane
from streams.scp.refusals import RefusedError
from streams.scp.roles import Role

BODIES: Final[dict[str, type[BaseModel] | None]] = {
    "start": None,
    "stop": None,
    "restart": None,
    "feed": FeedBody,
    "market": MarketBody,
    "subscriptions": SubscriptionsBody,
}
"""What a listener can be told, and what must come with it."""
_ACTIONS: Final = bodies.told(*(body for body in BODIES.values() if body is not None))


def make_router(plane: Plane, monitor: Monitor) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/components")

    @router.get("", summary="All components")
    async def listed(request: Request) -> dict[str, Any]:
        await plane.reception.admit(request, Role.VIEWER)
        return {"at_ms": now_ms(), "components": [subject.describe() for subject in monitor.all()]}

    @router.get("/{name}", summary="One component")
    async def one(request: Request, name: str) -> dict[str, Any]:
        await plane.reception.admit(request, Role.VIEWER)
        return _found(monitor, name).describe()

    @router.get("/{name}/history", summary="Its last quarter of an hour")
    async def history(request: Request, name: str) -> dict[str, Any]:
        await plane.reception.admit(request, Role.VIEWER)
        return {"name": name, "points": _found(monitor, name).history()}

    @router.post(
        "/{name}/{action}", summary="Have a listener do something (operator)", openapi_extra=_ACTIONS
    )
    async def act(request: Request, name: str, action: str) -> dict[str, Any]:
        visitor = await plane.reception.admit(request, Role.OPERATOR, action, name)
        try:
            subject, body = await _understood(monitor, request, name, action)
        except RefusedError as error:
            await plane.reception.note_refusal(visitor.actor, action, name, str(error))
            raise
        detail = ", ".join(f"{key}={value}" for key, value in body.items())
        async with plane.audit.action(visitor.actor, action, name, detail):
            answer = await _do(monitor, subject, action, body)
        await monitor.ask(subject)
        return {"name": name, "action": action, "result": answer, "component": subject.describe()}

    return router


def _found(monitor: Monitor, name: str) -> Subject:
    subject = monitor.find(name)
    if subject is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"no component is named {name[:64]!r}")
    return subject


async def _understood(
    monitor: Monitor, request: Request, name: str, action: str
) -> tuple[Subject, dict[str, Any]]:
    """Return who is to do something, and what must be told with it."""
    subject = _found(monitor, name)
    if action not in BODIES:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"no such action: one of {', '.join(BODIES)}")
    if not subject.component.is_controllable:
        raise RefusedError(HTTPStatus.CONFLICT, f"{subject.component.title} cannot be controlled from here")
    model = BODIES[action]
    return subject, {} if model is None else (await bodies.read(request, model)).model_dump()


async def _do(monitor: Monitor, subject: Subject, action: str, body: dict[str, Any]) -> Any:  # noqa: ANN401  its JSON
    title = subject.component.title
    try:
        status, answer = await monitor.act(subject.component, action, body)
    except TimeoutError:
        raise UnavailableError(
            f"{title} has not answered in {ACTION_TIMEOUT_S:g} s: it may do so yet, see its state"
        ) from None
    except FAILURES as error:
        raise UnavailableError(f"{title} does not answer ({type(error).__name__}): is it running?") from None
    if status in range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES):
        return answer
    told = answer.get("error") if isinstance(answer, dict) else None
    message = f"{title} refuses: {told or f'HTTP {status}'}"
    if status in range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR):
        raise BadInputError(message)
    raise UnavailableError(message)
