"""Reference data as Massive's REST serves it: a handful of calls for the whole market.

The previous session's bar comes from the grouped daily bars, not from the market snapshot: a snapshot's
"previous day" depends on when it is asked for, and the grouped bars are needed for the averages anyway.

Splits come from /stocks/v1/splits, which took the place of /v3/reference/splits in 2026: its tickers are
spelled as those of the prices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from massive import RESTClient

from streams.errors import StreamsError
from streams.events import Price, Shares, Symbol
from streams.reference.averages import FreeFloat, Listing
from streams.reference.calls import NotEntitledError, RefusedError, VendorCalls
from streams.reference.daily_bar import DailyBar
from streams.reference.kept_pages import KeptPages
from streams.reference.splits import Split
from streams.reference.watch import Watch

PAGE: Final = 5_000
TICKERS_PAGE: Final = 1_000
MAX_PAGES: Final = 1_000
"""Most pages of a list: one that is longer goes in a circle."""

Query = dict[str, str]
Ask = Callable[[RESTClient, Query | None], Any]
"""Asks for a list's first page, or for a later one with the query that its predecessor names."""
T = TypeVar("T")
Ratio = Annotated[float, msgspec.Meta(gt=0)]


class _Bar(msgspec.Struct):
    ticker: Symbol = msgspec.field(name="T")
    o: Price | None = None
    h: Price | None = None
    l: Price | None = None  # noqa: E741  the vendor's name
    c: Price | None = None
    v: Shares | None = None
    vw: Price | None = None


class _Float(msgspec.Struct):
    ticker: Symbol
    free_float: Shares | None = None
    effective_date: date | None = None


class _Ticker(msgspec.Struct):
    ticker: Symbol
    type: str | None = None
    primary_exchange: str | None = None


class _Split(msgspec.Struct):
    ticker: Symbol
    execution_date: date
    split_from: Ratio
    split_to: Ratio


class _Page(msgspec.Struct):
    """A page of any list; where it is empty the vendor leaves ``results`` out."""

    results: list[msgspec.Raw] | None = None
    next_url: str | None = None


class _Status(msgspec.Struct):
    server_time: datetime = msgspec.field(name="serverTime")


_read_page: Final = msgspec.json.Decoder(_Page).decode
_read_status: Final = msgspec.json.Decoder(_Status).decode


class MassiveReference:
    """The vendor's REST, seen as a source of reference data.

    Every method raises a StreamsError where the vendor does not answer, or refuses.

    Args:
        calls: Makes the calls.
        pages: What was fetched already, and where it is kept.
        watch: Told how it goes on.
    """

    def __init__(self, calls: VendorCalls, pages: KeptPages, watch: Watch) -> None:
        self._calls = calls
        self._pages = pages
        self._watch = watch

    async def now_ms(self) -> int:
        """Return the market's time as the vendor has it, ms since 1970 UTC."""
        status = await self._calls.get(lambda client: client.get_market_status(raw=True), _read_status)
        return int(status.server_time.timestamp() * 1000)

    async def bars(self, name: str, day: date) -> dict[str, DailyBar]:
        """Return all symbols' bars of a session as they were traded; none where the vendor has none.

        Args:
            name: What the list is kept as.
            day: The session.
        """

        def ask(client: RESTClient, query: Query | None) -> Any:  # noqa: ANN401  the vendor's client is untyped
            return client.get_grouped_daily_aggs(day, adjusted=False, raw=True, params=query)

        bars = await self._entries(name, f"bars of {day}", ask, _Bar)
        return {bar.ticker: DailyBar(bar.o, bar.h, bar.l, bar.c, bar.v, bar.vw) for bar in bars}

    async def splits(self, name: str, after: date, last: date) -> list[Split]:
        """Return all splits after one day and up to another."""

        def ask(client: RESTClient, query: Query | None) -> Any:  # noqa: ANN401  as above
            if query is not None:
                return client.list_stocks_splits(raw=True, params=query)
            return client.list_stocks_splits(
                execution_date_gt=after.isoformat(),
                execution_date_lte=last.isoformat(),
                limit=PAGE,
                raw=True,
            )

        splits = await self._entries(name, "splits", ask, _Split)
        return [Split(each.ticker, each.execution_date, each.split_to / each.split_from) for each in splits]

    async def floats(self, name: str) -> dict[str, FreeFloat]:
        """Return all symbols' freely traded shares; none where the vendor's plan has none."""

        def ask(client: RESTClient, query: Query | None) -> Any:  # noqa: ANN401  as above
            return client.list_stocks_floats(limit=PAGE if query is None else None, raw=True, params=query)

        return {
            each.ticker: FreeFloat(each.free_float, each.effective_date)
            for each in await self._entries_if_entitled(name, "free floats", ask, _Float)
            if each.free_float is not None
        }

    async def listings(self, name: str) -> dict[str, Listing]:
        """Return what all symbols are, and where they are listed; nothing where the plan has no such list."""

        def ask(client: RESTClient, query: Query | None) -> Any:  # noqa: ANN401  as above
            if query is not None:
                return client.list_tickers(limit=None, sort=None, order=None, raw=True, params=query)
            return client.list_tickers(market="stocks", active=True, limit=TICKERS_PAGE, raw=True)

        return {
            each.ticker: Listing(each.type or None, each.primary_exchange or None)
            for each in await self._entries_if_entitled(name, "tickers", ask, _Ticker)
        }

    async def _entries_if_entitled(self, name: str, what: str, ask: Ask, kind: type[T]) -> list[T]:
        try:
            return await self._entries(name, what, ask, kind)
        except NotEntitledError as error:
            self._watch.say(f"{what} stay unknown: {error}")
            return []

    async def _entries(self, name: str, what: str, ask: Ask, kind: type[T]) -> list[T]:
        """Return the entries of a list, page after page; those that cannot be read are told and left out."""
        decode = msgspec.json.Decoder(kind).decode
        entries: list[T] = []
        bad: list[bytes] = []
        query: Query | None = None
        for number in range(MAX_PAGES):
            page = await self._page(name, number, ask, query)
            for result in page.results or ():
                try:
                    entries.append(decode(result))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    bad.append(bytes(result))
            if page.next_url is None:
                break
            self._watch.step(what, len(entries), None)
            query = {key: values[0] for key, values in parse_qs(urlsplit(page.next_url).query).items()}
            query.pop("apiKey", None)
        else:
            raise StreamsError(f"the vendor's list of {what} has no end: {MAX_PAGES} pages")
        if bad:
            self._watch.say(f"{len(bad)} of the {what} cannot be read and are left out: {bad[0][:100]!r}")
        return entries

    async def _page(self, name: str, number: int, ask: Ask, query: Query | None) -> _Page:
        kept = await asyncio.to_thread(self._pages.read, name, number)
        if kept is not None:
            try:
                return _read_page(kept)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self._pages.reject(name, number, str(error))
        try:
            content, page = await self._calls.get(
                lambda client: ask(client, query), lambda content: (content, _read_page(content))
            )
        except RefusedError:
            # Perhaps for its predecessors are too old: the next load begins the list anew.
            await asyncio.to_thread(self._pages.forget, name)
            raise
        if page.results:
            await asyncio.to_thread(self._pages.write, name, number, content)
        return page
