"""The web application of the WDS: /ws for the clients, / and /health for those who run it."""

from __future__ import annotations

from typing import Any, Final, cast

from fastapi import FastAPI, WebSocket
from fastapi.responses import JSONResponse

from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.auth import Gate
from streams.wds.conversation import Conversation
from streams.wds.feeder import Feeder
from streams.wds.outbox import TRY_AGAIN_LATER, Limits, Outbox
from streams.wds.snapshots import Snapshots
from streams.wds.wire import EXTENSION, Wire

UNAVAILABLE: Final = 503


class WidgetDataApp:
    """What the handlers share.

    Args:
        settings: Keys and limits.
        gate: Who may come in.
        feeder: Brings published values.
        snapshots: Reads current values.
        counters: Everything that is counted.
    """

    def __init__(
        self, settings: Settings, gate: Gate, feeder: Feeder, snapshots: Snapshots, counters: Counters
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._feeder = feeder
        self._snapshots = snapshots
        self._counters = counters
        self._limits = Limits.of(settings)
        self._clients = 0

    def asgi(self) -> FastAPI:
        """Return the ASGI application."""
        app = FastAPI(title="Widget data service", docs_url=None, redoc_url=None, openapi_url=None)
        app.add_api_route("/", self.index, methods=["GET"])
        app.add_api_route("/health", self.health, methods=["GET"])
        app.add_api_websocket_route("/ws", self.talk)
        return app

    async def index(self) -> dict[str, str]:
        """Say what this is."""
        return {"service": "widget data service", "websocket": "/ws", "health": "/health"}

    async def health(self) -> JSONResponse:
        """Tell how it is: 200 while both databases answer, else 503."""
        connected = self._feeder.connected
        healthy = all(connected.values())
        state: dict[str, Any] = {
            "status": "ok" if healthy else "degraded",
            "redis": connected,
            "last_message_age_s": self._feeder.message_age_s,
            "clients": self._clients,
            "subscriptions": self._feeder.subscriptions,
            "counters": self._counters.snapshot(),
        }
        return JSONResponse(state, status_code=200 if healthy else UNAVAILABLE)

    async def talk(self, websocket: WebSocket) -> None:
        """Serve one client until it goes."""
        wire = cast("Wire", websocket.scope["extensions"][EXTENSION])
        await websocket.accept()
        if self._clients >= self._settings.wds_max_clients:
            self._counters.add("refused", reason="too many clients")
            wire.finish(TRY_AGAIN_LATER, "too many clients")
            return
        outbox = wire.flow = Outbox(wire, self._limits, self._counters)
        self._clients += 1
        self._counters.add("accepted")
        conversation = Conversation(
            outbox,
            self._gate,
            self._feeder,
            self._snapshots,
            self._settings.wds_max_subscriptions,
            self._counters,
        )
        try:
            await conversation.hold(websocket.receive, self._settings.wds_auth_timeout_s)
        finally:
            self._clients -= 1
            self._feeder.remove(outbox)
            outbox.close()
