"""Asks processes how they are, over HTTP on this machine."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

TIMEOUT_S: Final = 2.0
FAILURES: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


class Probe:
    """Fetches JSON. An async context manager.

    Args:
        timeout_s: Longest wait for an answer, in seconds.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, **query: str) -> Any:  # noqa: ANN401  any JSON value
        """Return the JSON value at ``url``, whatever its HTTP status; None where there is no answer."""
        try:
            async with self._open().get(url, params=query) as response:
                return json.loads(await response.read())
        except FAILURES:
            return None

    async def post(self, url: str, body: dict[str, Any]) -> bool:
        """Send a JSON object; return whether it was taken."""
        try:
            async with self._open().post(url, json=body) as response:
                return response.ok
        except FAILURES:
            return False

    async def health(self, url: str) -> dict[str, Any]:
        """Return the object at ``url``; an empty one where there is no answer."""
        answer = await self.fetch(url)
        return answer if isinstance(answer, dict) else {}

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                # What it asks is on this machine, whatever name its certificate has.
                connector=aiohttp.TCPConnector(ssl=False),
            )
        return self._session
