"""Headers that have browsers keep the page to itself: no foreign scripts, frames or addresses."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.scp.wds_access import WdsAccess

_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HSTS: Final = "max-age=31536000"


def policy(socket_origin: str) -> str:
    """Return the Content-Security-Policy.

    Styles may stand in the page, for the chart library brings its own; scripts may not.

    Args:
        socket_origin: Scheme and host of the WDS, the only other server that the page talks to.
    """
    return "; ".join([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "media-src 'self' data:",
        "manifest-src 'self'",
        "worker-src 'self'",
        f"connect-src 'self' {socket_origin}",
        "form-action 'self'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    ])  # fmt: skip


class Headers:
    """Adds them to every answer.

    Args:
        app: What answers.
        wds: Tells where the browser reaches the WDS.
    """

    def __init__(self, app: ASGIApp, wds: WdsAccess) -> None:
        self._app = app
        self._wds = wds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                url = urlsplit(self._wds.url(scope))
                headers.setdefault("content-security-policy", policy(f"{url.scheme}://{url.netloc}"))
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("strict-transport-security", _HSTS)
            await send(message)

        await self._app(scope, receive, send_with_headers)
