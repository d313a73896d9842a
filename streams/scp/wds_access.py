"""How a browser gets to the widget data service: its address, and a token that does not live long."""

from __future__ import annotations

import re
import time
from typing import Any, Final

from starlette.datastructures import URL
from starlette.types import Scope

from streams.errors import SettingsError
from streams.settings import Settings
from streams.wds.tokens import Tokens

_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


class WdsAccess:
    """Gives addresses and tokens.

    Args:
        settings: Where the WDS is, and what its tokens are signed with.

    Raises:
        SettingsError: Clients of the WDS need a key, and tokens cannot be signed.
    """

    def __init__(self, settings: Settings) -> None:
        self._given = settings.scp_wds_public_url
        self._port = settings.wds_port
        self._is_tls = settings.wds_ssl_certfile is not None
        self._life_s = min(settings.scp_token_s, settings.wds_jwt_max_s)
        self._tokens: Tokens | None = None
        if settings.wds_jwt_secret is not None:
            self._tokens = Tokens(settings.wds_jwt_secret, settings.wds_jwt_audience, settings.wds_jwt_max_s)
        elif settings.auth_enabled:
            raise SettingsError(
                "set WDS_JWT_SECRET here and for the WDS: it signs the tokens of browsers "
                "(or AUTH_ENABLED=false)"
            )
        if self._given is not None and not self._given.startswith(("ws://", "wss://")):
            raise SettingsError("SCP_WDS_PUBLIC_URL must look like wss://HOST/ws")

    def url(self, scope: Scope) -> str:
        """Return where the browser that sent this request reaches the WDS."""
        if self._given is not None:
            return self._given
        url = URL(scope=scope)
        scheme = "wss" if self._is_tls or url.scheme == "https" else "ws"
        host = url.netloc.rpartition("@")[2]
        host = re.sub(r":[0-9]*$", "", host)
        # It goes into headers and into the page: nothing but a host name may be in it.
        if not _HOST.fullmatch(host):
            host = "localhost"
        return f"{scheme}://{host}:{self._port}/ws"

    def token(self, name: str) -> dict[str, Any]:
        """Return a token for somebody of this name, and when it is over; None where none is needed."""
        if self._tokens is None:
            return {"token": None, "token_expires_ms": None}
        expires_ms = int((time.time() + self._life_s) * 1000)
        return {"token": self._tokens.sign(name, (), self._life_s), "token_expires_ms": expires_ms}
