"""Massive's REST, as far as the platform's reference loader asks: the vendor's paths, JSON and pagination."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from streams.sessions import NEW_YORK, MarketCalendar, Session
from streams.sim.companies import CompanyRest, request_id
from streams.sim.reference import Company, DailyBar, Reference
from streams.sim.rest_gate import RestFaultKind, RestGate
from streams.sim.splits import Split

Query = Mapping[str, str]
Answer = Callable[[Request], dict[str, Any] | Response]
T = TypeVar("T")

NS_A_MS: Final = 1_000_000
_TICKERS_LIMITS: Final = (100, 1_000)
_FLOATS_LIMITS: Final = (100, 5_000)
_SPLITS_LIMITS: Final = (100, 5_000)
_OLD_SPLITS_LIMITS: Final = (10, 1_000)
_COMPARISONS: Final[dict[str, Callable[[str, str], bool]]] = {
    "": lambda value, bound: value == bound,
    ".gt": lambda value, bound: value > bound,
    ".gte": lambda value, bound: value >= bound,
    ".lt": lambda value, bound: value < bound,
    ".lte": lambda value, bound: value <= bound,
    ".any_of": lambda value, bound: value in bound.split(","),
}


class VendorRest:
    """The vendor's endpoints over reference data.

    Args:
        reference: What is served.
        calendar: The market's sessions.
        api_key: The only key that is let in; None lets any in.
        gate: Counts the calls, and decides which go wrong.
    """

    def __init__(
        self, reference: Reference, calendar: MarketCalendar, api_key: SecretStr | None, gate: RestGate
    ) -> None:
        self._reference = reference
        self._calendar = calendar
        self._api_key = api_key
        self._gate = gate
        self.router = APIRouter()
        for path, answer in (
            ("/v2/snapshot/locale/us/markets/stocks/tickers", self._snapshot),
            ("/v2/aggs/grouped/locale/us/market/stocks/{day}", self._grouped_daily),
            ("/v2/aggs/ticker/{symbol}/prev", self._previous_close),
            ("/stocks/vX/float", self._floats),
            ("/v3/reference/tickers", self._tickers),
            ("/stocks/v1/splits", self._splits),
            ("/v3/reference/splits", self._old_splits),
            ("/v1/marketstatus/now", self._market_status),
            *CompanyRest(reference, calendar).answers(),
        ):
            self.router.add_api_route(path, self._guarded(answer), methods=["GET"])

    def _guarded(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            if not self._lets_in(request):
                body = {"status": "ERROR", "request_id": request_id(), "error": "Unknown API Key"}
                return JSONResponse(body, status_code=401)
            path = request.url.path
            fault = self._gate.fault(path)
            wait_s = 1 if fault is RestFaultKind.LIMITED else self._gate.wait_s()
            if wait_s or fault in _REFUSALS:
                self._gate.refused += 1
                return _too_many(wait_s) if wait_s else _refused(fault)
            # In a thread: an answer about the whole market takes tens of ms, and the stream must not wait.
            found = await asyncio.to_thread(answer, request)
            if isinstance(found, Response):
                self._gate.answered[path] += 1
                return found
            content = await asyncio.to_thread(lambda: msgspec.json.encode(_spoiled(found, fault)))
            if fault is RestFaultKind.CUT:
                content = content[: len(content) // 2]
            elif fault is None:
                self._gate.answered[path] += 1
            return Response(content, media_type="application/json")

        return respond

    def _lets_in(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = token if scheme.lower() == "bearer" else request.query_params.get("apiKey", "")
        if self._api_key is None:
            return bool(key)
        return hmac.compare_digest(key.encode(), self._api_key.get_secret_value().encode())

    def _snapshot(self, request: Request) -> dict[str, Any]:
        reference = self._reference
        asked = [symbol for symbol in request.query_params.get("tickers", "").split(",") if symbol]
        today = reference.today()
        _, previous = reference.previous()
        updated = reference.clock_ms * NS_A_MS
        known = [company.symbol for company in reference.companies]
        symbols = [symbol for symbol in known if symbol in asked] if asked else known
        tickers = [
            _ticker_snapshot(symbol, today.get(symbol), previous.get(symbol), updated)
            for symbol in symbols
            if symbol in today or symbol in previous
        ]
        return {"count": len(tickers), "status": "OK", "request_id": request_id(), "tickers": tickers}

    def _grouped_daily(self, request: Request) -> dict[str, Any]:
        try:
            day = date.fromisoformat(request.path_params["day"])
        except ValueError:
            raise HTTPException(400, "date must be YYYY-MM-DD") from None
        close_ms = self._calendar.day(day).close_ms
        adjusted = request.query_params.get("adjusted", "true") != "false"
        bars = self._reference.daily(day, adjusted=adjusted)
        answer = _aggregates({"T": symbol, **_bar(bar), "t": close_ms} for symbol, bar in bars.items())
        return {**answer, "adjusted": adjusted}

    def _previous_close(self, request: Request) -> dict[str, Any]:
        symbol = request.path_params["symbol"]
        day, bars = self._reference.previous()
        if symbol not in bars:
            return {"ticker": symbol, **_aggregates(())}
        bar = {"T": symbol, **_bar(bars[symbol]), "t": self._calendar.day(day).close_ms}
        return {"ticker": symbol, **_aggregates((bar,))}

    def _floats(self, request: Request) -> dict[str, Any]:
        query = _query(request)
        known = [company for company in self._reference.companies if company.free_float is not None]
        chosen = [company for company in known if _within(company.symbol, query)]
        day = datetime.fromtimestamp(self._reference.clock_ms / 1_000, NEW_YORK).date().isoformat()
        return _page(
            request,
            query,
            _FLOATS_LIMITS,
            chosen,
            lambda company: {
                "effective_date": day,
                "free_float": company.free_float,
                "free_float_percent": company.free_float_percent,
                "ticker": company.symbol,
            },
        )

    def _tickers(self, request: Request) -> dict[str, Any]:
        query = _query(request)
        chosen = [company for company in self._reference.companies if _matches(company, query)]
        if query.get("order") == "desc":
            chosen.reverse()
        updated = datetime.fromtimestamp(self._reference.clock_ms / 1_000, UTC).strftime("%Y-%m-%dT00:00:00Z")
        return _page(
            request,
            query,
            _TICKERS_LIMITS,
            chosen,
            lambda company: {
                "ticker": company.symbol,
                "name": company.name or company.symbol,
                "market": "stocks",
                "locale": "us",
                **({"primary_exchange": company.exchange} if company.exchange else {}),
                **({"type": company.security_type} if company.security_type else {}),
                "active": True,
                "currency_name": "usd",
                "last_updated_utc": updated,
            },
        )

    def _splits(self, request: Request) -> dict[str, Any]:
        return self._page_of_splits(
            request,
            _SPLITS_LIMITS,
            lambda symbol, split: {"adjustment_type": split.kind, "id": f"{symbol}-{split.execution_date}"},
        )

    def _old_splits(self, request: Request) -> dict[str, Any]:
        return self._page_of_splits(request, _OLD_SPLITS_LIMITS, lambda _symbol, _split: {})

    def _page_of_splits(
        self, request: Request, limits: tuple[int, int], more: Callable[[str, Split], dict[str, Any]]
    ) -> dict[str, Any]:
        query = _query(request)
        chosen = [
            (split.execution_date.isoformat(), company.symbol, split)
            for company in self._reference.companies
            for split in company.splits
            if _within(company.symbol, query)
            and _within(split.execution_date.isoformat(), query, "execution_date")
        ]
        # The newest first, as the vendor has them.
        chosen.sort(key=lambda found: (found[0], found[1]), reverse=True)
        return _page(
            request,
            query,
            limits,
            chosen,
            lambda found: {
                "execution_date": found[0],
                "split_from": found[2].split_from,
                "split_to": found[2].split_to,
                "ticker": found[1],
                **more(found[1], found[2]),
            },
        )

    def _market_status(self, request: Request) -> dict[str, Any]:
        now_ms = self._reference.clock_ms
        session = self._calendar.day_at(now_ms).session_at(now_ms)
        extended = session in {Session.PRE_MARKET, Session.AFTER_HOURS}
        state = "open" if session is Session.REGULAR else "extended-hours" if extended else "closed"
        return {
            "afterHours": session is Session.AFTER_HOURS,
            "currencies": {"crypto": "open", "fx": "open"},
            "earlyHours": session is Session.PRE_MARKET,
            "exchanges": {"nasdaq": state, "nyse": state, "otc": "closed" if extended else state},
            "market": state,
            "serverTime": datetime.fromtimestamp(now_ms // 1_000, NEW_YORK).isoformat(),
        }


_REFUSALS: Final = {RestFaultKind.UNAVAILABLE, RestFaultKind.NOT_ENTITLED}


def _refused(fault: RestFaultKind | None) -> Response:
    if fault is RestFaultKind.UNAVAILABLE:
        return Response("try again later", 503)
    message = "You are not entitled to this data. Please upgrade your plan."
    return JSONResponse({"status": "NOT_AUTHORIZED", "request_id": request_id(), "message": message}, 403)


def _too_many(wait_s: int) -> Response:
    body = {
        "status": "ERROR",
        "request_id": request_id(),
        "error": "You've exceeded the maximum requests per minute, please wait or upgrade your subscription.",
    }
    return JSONResponse(body, 429, {"retry-after": str(wait_s)})


def _spoiled(answer: dict[str, Any], fault: RestFaultKind | None) -> dict[str, Any]:
    if fault is RestFaultKind.BAD_ENTRY and answer.get("results"):
        answer["results"][0] = {"ticker": 5, "T": 5}
    return answer


def _bar(bar: DailyBar) -> dict[str, Any]:
    fields = {"v": bar.v, "vw": bar.vw, "o": bar.o, "c": bar.c, "h": bar.h, "l": bar.l, "n": bar.n}
    return {name: value for name, value in fields.items() if value is not None}


_NO_BAR: Final = {"o": 0, "h": 0, "l": 0, "c": 0, "v": 0, "vw": 0}


def _ticker_snapshot(
    symbol: str, today: DailyBar | None, previous: DailyBar | None, updated_ns: int
) -> dict[str, Any]:
    snapshot: dict[str, Any] = {
        "ticker": symbol,
        "todaysChange": 0,
        "todaysChangePerc": 0,
        "updated": updated_ns if today else 0,
        "day": _bar(today) if today else _NO_BAR,
        "prevDay": _bar(previous) if previous else _NO_BAR,
    }
    if today and previous and previous.c:
        snapshot["todaysChange"] = round(today.c - previous.c, 4)
        snapshot["todaysChangePerc"] = round(100 * (today.c - previous.c) / previous.c, 4)
    return snapshot


def _aggregates(bars: Iterable[dict[str, Any]]) -> dict[str, Any]:
    results = list(bars)
    answer = {
        "adjusted": True,
        "queryCount": len(results),
        "request_id": request_id(),
        "resultsCount": len(results),
        "status": "OK",
    }
    # Where there are no results the vendor leaves the field out.
    return {**answer, "results": results} if results else answer


def _query(request: Request) -> dict[str, str]:
    """Return the query, of a later page that of the first and where to go on."""
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return dict(request.query_params)
    try:
        return dict(parse_qsl(base64.urlsafe_b64decode(cursor).decode()))
    except (binascii.Error, UnicodeDecodeError):
        raise HTTPException(400, "invalid cursor") from None


def _within(value: str, query: Query, name: str = "ticker") -> bool:
    return all(test(value, query[name + how]) for how, test in _COMPARISONS.items() if query.get(name + how))


def _matches(company: Company, query: Query) -> bool:
    if query.get("market", "stocks") != "stocks" or query.get("active", "true") != "true":
        return False
    if query.get("type") and company.security_type != query["type"]:
        return False
    exchange = query.get("exchange") or query.get("primary_exchange")
    if exchange and company.exchange != exchange:
        return False
    search = query.get("search", "").lower()
    found = search in company.symbol.lower() or search in (company.name or "").lower()
    return found and _within(company.symbol, query)


def _page(
    request: Request,
    query: dict[str, str],
    limits: tuple[int, int],
    chosen: list[T],
    render: Callable[[T], dict[str, Any]],
) -> dict[str, Any]:
    default, most = limits
    asked, after = query.get("limit", ""), query.pop("after", "0")
    limit = min(int(asked), most) if asked.isdecimal() and int(asked) else default
    start = int(after) if after.isdecimal() else 0
    results = [render(company) for company in chosen[start : start + limit]]
    answer: dict[str, Any] = {
        "results": results,
        "status": "OK",
        "request_id": request_id(),
        "count": len(results),
    }
    if start + limit < len(chosen):
        rest = {name: value for name, value in query.items() if name != "apiKey"}
        rest["after"] = str(start + limit)
        cursor = base64.urlsafe_b64encode(urlencode(rest).encode()).decode()
        answer["next_url"] = str(request.url.replace(query=urlencode({"cursor": cursor})))
    return answer
