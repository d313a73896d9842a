"""Calls of the vendor's REST: no more than its plan allows, and tried again where that may help."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec
from massive import RESTClient
from massive.exceptions import BadResponse
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError

from streams.backoff import Backoff
from streams.call_limit import CallLimit
from streams.errors import SettingsError, StreamsError, UnavailableError
from streams.reference.watch import Watch
from streams.settings import Settings

CONNECT_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 30.0
PARALLEL_CALLS: Final = 4
TRIES: Final = 4
"""How often a call is tried that fails."""
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 5.0
LIMITED: Final = 429
MAX_WAITS: Final = 20
"""How often a call waits that comes too early."""
FIRST_WAIT_S: Final = 2.0
"""Wait after a call too many that does not say how long; the next ones are longer."""
LONGEST_WAIT_S: Final = 300.0
"""A vendor that wants a longer one does not answer today."""

T = TypeVar("T")
Ask = Callable[[RESTClient], Any]
"""Makes a call with ``raw=True``: the client itself takes an answer that it cannot read for an empty one."""


class RefusedError(StreamsError):
    """The vendor refuses a call; the same call would be refused again."""


class NotEntitledError(RefusedError):
    """The vendor's plan does not hold what was asked for."""


class _TryLaterError(Exception):
    """The vendor's answer is a status that may be another one later.

    Attributes:
        status: The HTTP status.
        wait_s: Seconds that the vendor wants its client to wait; None where it says nothing.
    """

    def __init__(self, status: int, wait_s: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.wait_s = wait_s


class _NoRetries(Retry):
    """Makes the vendor's client try once: by itself it sleeps as long as it is told to, and says nothing."""

    def increment(  # noqa: PLR0913, PLR0917  urllib3's
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: Any = None,  # noqa: ANN401  urllib3's
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Raise what there is to say."""
        if response is not None and response.status in (self.status_forcelist or ()):
            try:
                wait_s = self.get_retry_after(response)
            except InvalidHeader:
                wait_s = None
            raise _TryLaterError(response.status, wait_s)
        return super().increment(method, url, response, error, _pool, _stacktrace)


class VendorCalls:
    """Makes calls with the vendor's own client.

    Args:
        settings: The vendor's address and key, and how often it may be asked.
        watch: Told of waits.

    Raises:
        SettingsError: There is no key.
    """

    def __init__(self, settings: Settings, watch: Watch) -> None:
        self._address = settings.massive_rest_url
        self._watch = watch
        self._limit = CallLimit(settings.reference_calls_per_minute or None)
        self._parallel = asyncio.Semaphore(PARALLEL_CALLS)
        self._client = RESTClient(
            settings.vendor_key().get_secret_value(),
            base=settings.massive_rest_url,
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            connection_pool_kw={
                "block": True,
                "retries": _NoRetries(total=0, status_forcelist=(413, LIMITED, 499, 500, 502, 503, 504)),
            },
        )

    async def get(self, ask: Ask, read: Callable[[bytes], T]) -> T:
        """Make a call and return what ``read`` makes of its answer.

        Args:
            ask: The call.
            read: Raises msgspec.DecodeError where the answer cannot be read: the call is made again then.

        Raises:
            StreamsError: The vendor refuses, or none of the tries got an answer.
        """
        failures, waits = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S), Backoff(FIRST_WAIT_S, LONGEST_WAIT_S / 4)
        tries = waited = 0
        while True:
            try:
                return read(await self._answer(ask))
            except BadResponse as error:
                raise _refusal(str(error)) from None
            except _TryLaterError as later:
                if later.status == LIMITED and waited < MAX_WAITS:
                    waited += 1
                    self._wait(later.wait_s, waits.next_s())
                    continue
                trouble = f"HTTP {later.status}"
            except HTTPError as error:
                reason = error.reason if isinstance(error, MaxRetryError) else None
                trouble = type(reason or error).__name__
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                trouble = f"not in its own JSON: {error}"
            tries += 1
            if tries == TRIES:
                raise UnavailableError(f"{self._address} does not answer ({trouble}): check MASSIVE_REST_URL")
            await asyncio.sleep(failures.next_s())

    async def _answer(self, ask: Ask) -> bytes:
        async with self._parallel:
            while wait_s := self._limit.wait_s():  # noqa: ASYNC110  a clock makes no event
                await asyncio.sleep(wait_s)
            response = await asyncio.to_thread(ask, self._client)
        return bytes(response.data)

    def _wait(self, wanted_s: float | None, usual_s: float) -> None:
        """Let all calls wait for as long as the vendor wants, else as long as is usual."""
        if wanted_s is not None and wanted_s > LONGEST_WAIT_S:
            raise UnavailableError(
                f"{self._address} wants no calls for {wanted_s:.0f} s: try again then, what was loaded "
                "is kept; set REFERENCE_CALLS_PER_MINUTE to what your plan allows"
            )
        wait_s = wanted_s or usual_s
        self._limit.hold(wait_s)
        self._watch.say(f"the vendor takes no more calls; going on in {wait_s:.0f} s")


def _refusal(answer: str) -> StreamsError:
    told = answer.lower()
    if "entitled" in told or "upgrade your plan" in told:
        return NotEntitledError(f"the vendor's plan does not hold it: {answer[:200]}")
    if "api key" in told or "authoriz" in told:
        return SettingsError("the vendor refuses the key: check MASSIVE_API_KEY")
    return RefusedError(f"the vendor refuses reference data: {answer[:200]}")
