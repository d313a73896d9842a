"""Reference data as Massive's REST serves it: a handful of calls for the whole market.

The previous session's bar comes from the grouped daily bars, not from the market snapshot: a snapshot's
"previous day" depends on when it is asked for, and the grouped bars are needed for the averages anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, TypeVar

from massive import RESTClient
from massive.exceptions import BadResponse
from urllib3.exceptions import HTTPError

from streams.errors import SettingsError, StreamsError, UnavailableError
from streams.reference.averages import DailyBar
from streams.settings import Settings

CONNECT_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 30.0
FLOATS_PAGE: Final = 5_000
PARALLEL_CALLS: Final = 4

T = TypeVar("T")


class MassiveReference:
    """The vendor's REST, seen as a source of reference data.

    Args:
        settings: The vendor's address and key.

    Raises:
        SettingsError: There is no key.
    """

    def __init__(self, settings: Settings) -> None:
        self._address = settings.massive_rest_url
        self._client = RESTClient(
            settings.vendor_key().get_secret_value(),
            base=settings.massive_rest_url,
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            connection_pool_kw={"block": True},
        )
        self._calls = asyncio.Semaphore(PARALLEL_CALLS)

    async def now_ms(self) -> int:
        """Return the market's time as the vendor has it, ms since 1970 UTC.

        Raises:
            StreamsError: The vendor does not answer, or refuses.
        """
        status = await self._call(self._client.get_market_status)
        return int(datetime.fromisoformat(status.server_time).timestamp() * 1000)

    async def bars(self, day: date) -> dict[str, DailyBar]:
        """Return all symbols' bars of a session; none where the vendor has none.

        Raises:
            StreamsError: The vendor does not answer, or refuses.
        """
        bars = await self._call(lambda: self._client.get_grouped_daily_aggs(day, adjusted=True))
        return {
            bar.ticker: DailyBar(bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap) for bar in bars
        }

    async def floats(self) -> dict[str, float]:
        """Return all symbols' freely traded shares.

        Raises:
            StreamsError: The vendor does not answer, or refuses.
        """
        floats = await self._call(lambda: list(self._client.list_stocks_floats(limit=FLOATS_PAGE)))
        return {item.ticker: item.free_float for item in floats if item.free_float is not None}

    async def _call(self, function: Callable[[], Any]) -> Any:  # noqa: ANN401  the vendor's client is untyped
        async with self._calls:
            try:
                return await asyncio.to_thread(function)
            except BadResponse as error:
                raise _refusal(str(error)) from None
            except HTTPError as error:
                raise UnavailableError(
                    f"{self._address} does not answer ({type(error).__name__}): check MASSIVE_REST_URL"
                ) from None


def _refusal(answer: str) -> StreamsError:
    if "api key" in answer.lower() or "authoriz" in answer.lower() or "not_authorized" in answer.lower():
        return SettingsError("the vendor refuses the key: check MASSIVE_API_KEY")
    return StreamsError(f"the vendor refuses reference data: {answer[:200]}")
