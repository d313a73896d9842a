"""Why a request is not done, with the HTTP status that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.errors import StreamsError


class RefusedError(StreamsError):
    """A request is refused.

    Args:
        status: HTTP status.
        message: What its sender may read.
        retry_after_s: Seconds after which it may be tried again; None where that would not help.
        details: What else the answer holds, for programs.
    """

    def __init__(
        self,
        status: int,
        message: str,
        retry_after_s: float | None = None,
        *,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s
        self.details = details or {}
