"""Who may ask over HTTP, and how often: the same keys, tokens and grants as on the socket."""

from __future__ import annotations

import math
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from streams.telemetry import Counters
from streams.wds.addresses import address_of
from streams.wds.auth import Gate
from streams.wds.drain import Drain
from streams.wds.grants import Grant
from streams.wds.throttle import Throttle

COME_BACK_S: Final = 1
"""When to come back to a service that is about to stop: to another process by then."""

Bearer = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(HTTPBearer(auto_error=False, description="A key or a token.")),
]
ApiKey = Annotated[
    str | None, Depends(APIKeyHeader(name="X-API-Key", auto_error=False, description="A key or a token."))
]


class Reception:
    """Lets requests in.

    Args:
        gate: Who may come in.
        throttle: How often.
        drain: Whether anybody may still come in.
        counters: Counts ``requests``, and ``refused`` ones by reason.
    """

    def __init__(self, gate: Gate, throttle: Throttle, drain: Drain, counters: Counters) -> None:
        self._gate = gate
        self._throttle = throttle
        self._drain = drain
        self._counters = counters

    def admit(self, address: str, credential: str | None, token: str | None = None) -> Grant:
        """Return what the one who asks may read.

        Args:
            address: Whence the request comes.
            credential: The key or token with it.
            token: What is to be a token, and no key.

        Raises:
            HTTPException: It may not come in (401), comes too often (429) or too late (503).
        """
        if self._drain.has_begun:
            raise self._refusal(503, "the service is about to stop: come again", "draining", COME_BACK_S)
        grant = self._gate.admit_by(credential or "") if token is None else self._gate.admit("", token)
        if wait_s := self._throttle.try_take(_who(grant, address)):
            raise self._refusal(429, "too many requests", "too many requests", math.ceil(wait_s))
        if grant is None:
            what = "invalid key" if credential else "a key is needed: Authorization: Bearer KEY"
            self._counters.add("refused", reason="invalid key" if credential else "unauthorized")
            raise HTTPException(401, what, {"WWW-Authenticate": "Bearer"})
        self._counters.add("requests")
        return grant

    def _refusal(self, status: int, what: str, reason: str, retry_s: int) -> HTTPException:
        self._counters.add("refused", reason=reason)
        return HTTPException(status, what, {"Retry-After": str(retry_s)})


def _who(grant: Grant | None, address: str) -> str:
    # A key of one's own is one client wherever it is; what many share, a token too, is one at each address.
    if grant is None:
        return address
    return grant.key_id if grant.key_id and grant.parent is None else f"{grant.name}@{address}"


async def admit(request: Request, bearer: Bearer, api_key: ApiKey) -> Grant:
    """Let a request in by the application's reception.

    Raises:
        HTTPException: It may not come in.
    """
    reception: Reception = request.app.state.reception
    return reception.admit(address_of(request), bearer.credentials if bearer is not None else api_key)


Admitted = Annotated[Grant, Depends(admit)]
"""What the one who asks may read."""
