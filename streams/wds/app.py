"""The web application of the WDS: /ws and what stands beside it, / and /health for those who run it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any, Final, cast

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from streams.metrics import Exposition, catalogue
from streams.settings import Settings
from streams.telemetry import Counters
from streams.usage import usage
from streams.version import VERSION as INSTALLED
from streams.wds import asyncapi
from streams.wds.addresses import address_of
from streams.wds.allowance import Pace
from streams.wds.auth import Gate
from streams.wds.control import Control
from streams.wds.control_tokens import ControlTokens
from streams.wds.conversation import Conversation, Desk
from streams.wds.cors import Cors, Origins
from streams.wds.drain import Drain
from streams.wds.event_stream import EventStreams
from streams.wds.feeder import Feeder
from streams.wds.framing import Framing
from streams.wds.outbox import TRY_AGAIN_LATER, Limits, Outbox, Transport
from streams.wds.reception import COME_BACK_S, Reception
from streams.wds.replies import Replies, tell_error
from streams.wds.rest import Rest
from streams.wds.roster import Roster
from streams.wds.snapshots import Snapshots
from streams.wds.throttle import Throttle
from streams.wds.turn import Turn
from streams.wds.visitors import Visitor, Visitors
from streams.wds.vitals import Vitals
from streams.wds.wire import EXTENSION, Wire

VERSION: Final = "1"
"""Of what is served over HTTP."""
UNAVAILABLE: Final = 503
SWEEP_S: Final = 1.0
"""How often it is seen whether the keys and tokens of the clients still hold, in seconds."""


class WidgetDataApp:
    """What the handlers share.

    Args:
        settings: Keys and limits.
        gate: Who may come in.
        vitals: How it is.
        feeder: Brings published values.
        snapshots: Reads current values.
        counters: Everything that is counted.
    """

    def __init__(
        self,
        settings: Settings,
        gate: Gate,
        vitals: Vitals,
        feeder: Feeder,
        snapshots: Snapshots,
        counters: Counters,
    ) -> None:
        self._vitals = vitals
        self._feeder = feeder
        self._counters = counters
        self._exposition = Exposition(_name(settings.wds_worker), catalogue.WDS, counters)
        self._worker = settings.wds_worker
        self._limits = Limits.of(settings)
        self._turn = Turn(counters)
        self._origins = Origins(settings.wds_allowed_origins)
        self._gate = gate
        self._visitors = Visitors(settings, counters)
        counters.watch("clients", lambda: len(self._visitors))
        counters.watch("subscriptions", lambda: feeder.subscriptions)
        counters.watch(
            "message_age", lambda: {(feed,): age_s for feed, age_s in feeder.message_ages_s.items()}
        )
        counters.watch("redis_up", lambda: {(name,): float(up) for name, up in feeder.connected.items()})
        self.drain = Drain(self._visitors, settings.wds_drain_s, counters)
        throttle = Throttle(Pace(settings.wds_rest_per_s, settings.wds_rest_burst))
        self._reception = Reception(gate, throttle, self.drain, counters)
        roster = Roster(settings, self._visitors, feeder)
        self._control = Control(ControlTokens.of(settings), gate, throttle, roster, counters)
        self._rest = Rest(snapshots, Replies(settings.wds_compression_level))
        self._desk = Desk(
            gate,
            self._visitors,
            feeder,
            snapshots,
            Framing.of(settings),
            settings.wds_auth_timeout_s,
            settings.wds_max_subscriptions,
            Pace.of(settings),
            counters,
        )
        self._events = EventStreams(settings, self._reception, self._origins, self._desk, self._new_outbox)

    def asgi(self) -> FastAPI:
        """Return the ASGI application."""
        app = FastAPI(title="Widget data service", version=VERSION, docs_url=None, redoc_url=None)
        app.state.reception = self._reception
        app.add_middleware(Cors, origins=self._origins)
        for kind in (HTTPException, RequestValidationError):
            app.add_exception_handler(kind, tell_error)
        routes = {"/": self.index, "/health": self.health, "/healthz": self.alive, "/readyz": self.ready}
        for path, handler in routes.items():
            app.add_api_route(path, handler, methods=["GET"], tags=["operation"])
            app.add_api_route(path, handler, methods=["HEAD"], include_in_schema=False)
        app.add_api_route("/metrics", self.metrics, methods=["GET"], include_in_schema=False)
        app.add_api_route("/asyncapi", self.asyncapi, methods=["GET"], tags=["operation"])
        app.include_router(self._rest.router(), tags=["feeds"])
        app.include_router(self._events.router(), tags=["feeds"])
        app.include_router(self._control.router())
        app.add_api_websocket_route("/ws", self.talk)
        return app

    async def index(self) -> dict[str, str]:
        """Say what this is."""
        return {"service": "widget data service", "websocket": "/ws", "health": "/health"}

    async def asyncapi(self, request: Request) -> JSONResponse:
        """Describe the WebSocket's protocol: an AsyncAPI document."""
        scheme = "wss" if request.url.scheme == "https" else "ws"
        return JSONResponse(asyncapi.document(request.url.netloc, scheme))

    async def health(self) -> JSONResponse:
        """Tell how it is: 200 while both databases answer and what is due comes, else 503 and why."""
        state: dict[str, Any] = {
            **self._vitals.report(),
            "clients": len(self._visitors),
            "version": INSTALLED,
            "process": os.getpid(),
            "worker": self._worker,
            "subscriptions": self._feeder.subscriptions,
            "usage": usage(),
            **self._counters.report(),
        }
        return JSONResponse(state, status_code=UNAVAILABLE if state["problems"] else 200)

    async def metrics(self, request: Request) -> Response:
        """Give the figures for Prometheus."""
        content, content_type = self._exposition.render(request.headers.get("accept", ""))
        return Response(content, media_type=content_type)

    async def alive(self) -> dict[str, str]:
        """Tell that the process works."""
        return {"status": "alive"}

    async def ready(self) -> JSONResponse:
        """Tell whether clients can be served: 200, else 503 and why not."""
        objections = ["the service is about to stop"] if self.drain.has_begun else self._vitals.away
        if not objections:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready", "error": "; ".join(objections)}, UNAVAILABLE)

    async def watch_keys(self) -> None:
        """Send clients away whose key was removed or whose token is over, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            self._gate.refresh()
            self._visitors.sweep(self._gate.stands)

    async def talk(self, websocket: WebSocket) -> None:
        """Serve one client until it goes."""
        if not self._origins.welcome(websocket.headers.get("origin")):
            self._counters.add("refused", reason="origin")
            await websocket.close()
            return
        if self.drain.has_begun:
            self._counters.add("refused", reason="draining")
            headers = {"Retry-After": str(COME_BACK_S)}
            await websocket.send_denial_response(Response(status_code=UNAVAILABLE, headers=headers))
            return
        wire = cast("Wire", websocket.scope["extensions"][EXTENSION])
        await websocket.accept()
        address = address_of(websocket)
        if (objection := self._visitors.objection(address)) is not None:
            self._counters.add("refused", reason=objection)
            wire.finish(TRY_AGAIN_LATER, objection)
            return
        outbox = wire.flow = self._new_outbox(wire)
        visitor = Visitor(address, outbox, wire.transport, "websocket")
        self._visitors.enter(visitor)
        try:
            # Cancelled when the service stops and Redis keeps it waiting: the client has been told by then.
            with contextlib.suppress(asyncio.CancelledError):
                await Conversation(visitor, self._desk).hold(websocket.receive)
        finally:
            self._visitors.leave(visitor)
            self._feeder.remove(outbox)
            outbox.close()

    def _new_outbox(self, transport: Transport) -> Outbox:
        return Outbox(transport, self._turn, self._limits, self._counters, transport.deflates)


def _name(worker: int | None) -> str:
    return "wds" if worker is None else f"wds-{worker}"
