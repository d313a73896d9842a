"""Questions about one company to the vendor's REST, while somebody waits for the answer.

Not by the vendor's own client, which reference data is loaded with: that keeps a thread for each call, cannot
be told to give up, and has no call for images.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from streams.call_limit import CallLimit
from streams.errors import StreamsError, UnavailableError
from streams.settings import Settings
from streams.telemetry import Counters

TIMEOUT_S: Final = 8.0
"""Longest that an answer may take, its wait for a turn included."""
MAX_BYTES: Final = 2 * 1024 * 1024
PARALLEL: Final = 4
MAX_WAITING: Final = 100
LONGEST_HOLD_S: Final = 300.0
"""Longest that nothing is asked because the vendor says so."""
_CHUNK: Final = 64 * 1024


class NotEntitledError(StreamsError):
    """The vendor's plan does not hold what was asked for, or its key is refused."""


class TooLongError(UnavailableError):
    """The answer is longer than it may be."""


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """An answer: its status is 200 or 404."""

    status: int
    content: bytes


class Vendor:
    """Makes calls, no more than the plan allows.

    Args:
        settings: The vendor's address and key, and how often it may be asked.
        counters: Counts ``vendor_calls``, and those that ``vendor_failed`` by reason.
    """

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._settings = settings
        self._counters = counters
        self._limit = CallLimit(settings.scp_calls_per_minute or None)
        self._turns = asyncio.Semaphore(PARALLEL)
        self._waiting = 0
        self._session: aiohttp.ClientSession | None = None

    async def get(
        self, path: str, query: Mapping[str, str] | None = None, most_bytes: int = MAX_BYTES
    ) -> VendorAnswer:
        """Return what the vendor answers.

        Args:
            path: From its root on, encoded; of an address only the path counts, the server is ours.
            query: Its parameters; never the key.
            most_bytes: Longest answer.

        Raises:
            TooLongError: The answer is longer.
            NotEntitledError: It will not answer this either next time.
            UnavailableError: It does not answer, or may not be asked now.
            SettingsError: There is no key.
        """
        key = self._settings.vendor_key().get_secret_value()
        if self._waiting >= MAX_WAITING:
            raise self._failed("too many wait")
        self._waiting += 1
        try:
            async with asyncio.timeout(TIMEOUT_S), self._turns:
                while wait_s := self._limit.wait_s():
                    if wait_s > TIMEOUT_S:
                        raise self._failed("its limit of calls a minute is reached")
                    await asyncio.sleep(wait_s)
                self._counters.add("vendor_calls")
                return await self._ask(urlsplit(path).path, query or {}, key, most_bytes)
        except TimeoutError:
            raise self._failed("no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._failed(type(error).__name__) from None
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Drop the connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, path: str, query: Mapping[str, str], key: str, most_bytes: int) -> VendorAnswer:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        url = f"{self._settings.massive_rest_url.rstrip('/')}{path}"
        # A redirect would carry the key to whoever it names.
        async with self._session.get(
            url, params=query, headers={"authorization": f"Bearer {key}"}, allow_redirects=False
        ) as response:
            content = b""
            async for part in response.content.iter_chunked(_CHUNK):
                content += part
                if len(content) > most_bytes:
                    self._counters.add("vendor_failed", reason="too long")
                    raise TooLongError("the vendor cannot be asked now: its answer is too long")
            return self._checked(response.status, response.headers.get("retry-after", ""), content)

    def _checked(self, status: int, retry_after: str, content: bytes) -> VendorAnswer:
        match status:
            case HTTPStatus.OK | HTTPStatus.NOT_FOUND:
                return VendorAnswer(status, content)
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                self._counters.add("vendor_failed", reason="not entitled")
                raise NotEntitledError("the vendor's plan or key does not hold it")
            case HTTPStatus.TOO_MANY_REQUESTS:
                told_s = float(retry_after) if retry_after.isdecimal() else 1.0
                self._limit.hold(min(told_s, LONGEST_HOLD_S))
                raise self._failed("its limit of calls a minute is reached")
        raise self._failed(f"HTTP {status}")

    def _failed(self, reason: str) -> UnavailableError:
        self._counters.add("vendor_failed", reason=reason)
        return UnavailableError(f"the vendor cannot be asked now: {reason}")
