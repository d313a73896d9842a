"""Pages of other origins may read over HTTP if they may connect: the same list says which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from streams.wds import globs

REMEMBERED_S: Final = 600
"""How long a browser may remember what it was allowed."""


class Origins:
    """The origins that are allowed.

    Args:
        allowed: As the setting has them, wildcards among them.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = [globs.Glob(origin) for origin in allowed]

    def welcome(self, origin: str | None) -> bool:
        """Tell whether a client may come in: programs send no origin, browsers do, pages cannot change it."""
        return origin is None or any(allowed.matches(origin) for allowed in self._allowed)


class Cors(CORSMiddleware):
    """Tells browsers which pages may read the replies.

    Args:
        app: The application.
        origins: The allowed ones.
    """

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "HEAD", "OPTIONS"),
            allow_headers=("Authorization", "X-API-Key", "If-None-Match", "Last-Event-ID"),
            expose_headers=("ETag", "Retry-After"),
            max_age=REMEMBERED_S,
        )
        self._origins = origins

    def is_allowed_origin(self, origin: str) -> bool:
        """Tell whether a page's origin may read replies."""
        return self._origins.welcome(origin)
