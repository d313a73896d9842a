"""What the vendor's REST tells of a company: overview, logo, news, short interest and short volume.

All of it is made up from the symbol, the same each time.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from streams.sessions import NEW_YORK, MarketCalendar
from streams.sim.reference import Company, Reference

Answer = Callable[[Request], dict[str, Any] | Response]

NEWS_LIMITS: Final = (10, 1_000)
SHORT_LIMITS: Final = (10, 50_000)
MAX_ENTRIES: Final = 24
"""How far back the made-up series go."""
_SHARE_OF_FLOAT: Final = (0.003, 0.22)
_INDUSTRIES: Final = (
    "SERVICES-PREPACKAGED SOFTWARE", "SEMICONDUCTORS & RELATED DEVICES", "PHARMACEUTICAL PREPARATIONS",
    "STATE COMMERCIAL BANKS", "CRUDE PETROLEUM & NATURAL GAS", "RETAIL-VARIETY STORES", "ELECTRIC SERVICES",
    "MOTOR VEHICLES & PASSENGER CAR BODIES", "REAL ESTATE INVESTMENT TRUSTS", "AIRCRAFT", "METAL MINING",
)  # fmt: skip
_HEADLINES: Final = (
    "{name} reports quarterly results", "{name} names a new chief financial officer",
    "Analysts look at {name} after the latest move", "{name} to present at an investor conference",
    "What to know about {name} this week",
)  # fmt: skip
_NO_LOGO_ONE_IN: Final = 10


def request_id() -> str:
    """Return what the vendor calls a request."""
    return uuid.uuid4().hex


class CompanyRest:
    """The endpoints of one symbol.

    Args:
        reference: The listings, and the market's clock.
        calendar: The market's sessions.
    """

    def __init__(self, reference: Reference, calendar: MarketCalendar) -> None:
        self._reference = reference
        self._calendar = calendar
        self._by_symbol = {company.symbol: company for company in reference.companies}

    def answers(self) -> tuple[tuple[str, Answer], ...]:
        """Return the paths and what answers them."""
        return (
            ("/v3/reference/tickers/{symbol}", self._details),
            ("/v1/reference/company-branding/{symbol}/images/{file}", self._logo),
            ("/v2/reference/news", self._news),
            ("/stocks/v1/short-interest", self._short_interest),
            ("/stocks/v1/short-volume", self._short_volume),
        )

    def _details(self, request: Request) -> dict[str, Any] | Response:
        symbol = request.path_params["symbol"]
        company = self._by_symbol.get(symbol)
        if company is None:
            body = {"status": "NOT_FOUND", "request_id": request_id(), "message": "Ticker not found."}
            return JSONResponse(body, HTTPStatus.NOT_FOUND)
        return {"status": "OK", "request_id": request_id(), "results": self._overview(company, request)}

    def _overview(self, company: Company, request: Request) -> dict[str, Any]:
        symbol, name = company.symbol, company.name or company.symbol
        rng = _random(symbol)
        shares = _shares_outstanding(company)
        listed = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=rng.randrange(300, 15_000))
        details: dict[str, Any] = {
            "ticker": symbol,
            "name": name,
            "market": "stocks",
            "locale": "us",
            "active": True,
            "currency_name": "usd",
            "primary_exchange": company.exchange,
            "type": company.security_type,
            "cik": f"{rng.randrange(10**7):010d}",
            "description": f"{name} is a company of the synthetic market; nothing about it is real.",
            "homepage_url": f"https://{symbol.lower().replace('.', '-')}.example",
            "sic_description": rng.choice(_INDUSTRIES),
            "total_employees": rng.randrange(20, 200_000),
            "list_date": listed.date().isoformat(),
            "share_class_shares_outstanding": shares,
            "weighted_shares_outstanding": shares,
        }
        previous = self._reference.previous()[1].get(symbol)
        if previous is not None and shares is not None:
            details["market_cap"] = round(previous.c * shares, 2)
        if _has_logo(symbol):
            path = f"/v1/reference/company-branding/{symbol}/images/2026-01-02_logo.svg"
            details["branding"] = {"logo_url": str(request.url.replace(path=path, query=""))}
        return {key: value for key, value in details.items() if value is not None}

    def _logo(self, request: Request) -> Response:
        symbol = request.path_params["symbol"]
        if symbol not in self._by_symbol or not _has_logo(symbol):
            return JSONResponse({"status": "NOT_FOUND", "request_id": request_id()}, HTTPStatus.NOT_FOUND)
        hue = _random(symbol).randrange(360)
        drawing = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">'
            f'<rect width="64" height="64" rx="12" fill="hsl({hue},55%,42%)"/>'
            '<text x="32" y="40" font-family="sans-serif" font-size="22" text-anchor="middle" fill="#fff">'
            f"{symbol[:3]}</text></svg>"
        )
        return Response(drawing, media_type="image/svg+xml")

    def _news(self, request: Request) -> dict[str, Any]:
        company = self._by_symbol.get(request.query_params.get("ticker", ""))
        limit = _limit(request, NEWS_LIMITS)
        articles = [] if company is None else [self._article(company, n) for n in range(len(_HEADLINES))]
        return _results(articles[:limit])

    def _article(self, company: Company, number: int) -> dict[str, Any]:
        name = company.name or company.symbol
        hours = _random(f"{company.symbol} {number}").randrange(1, 24) + 24 * number
        published = datetime.fromtimestamp(self._reference.clock_ms / 1_000, UTC) - timedelta(hours=hours)
        title = _HEADLINES[number].format(name=name)
        return {
            "id": f"{company.symbol}-{number}",
            "publisher": {"name": "Synthetic Wire", "homepage_url": "https://wire.example"},
            "title": title,
            "author": "The Simulator",
            "published_utc": published.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "article_url": f"https://wire.example/{company.symbol}/{published:%Y-%m-%d}-{number}",
            "tickers": [company.symbol],
            "description": f"{title}. Nothing about it is real.",
            "insights": [{"ticker": company.symbol, "sentiment": "neutral", "sentiment_reasoning": ""}],
        }

    def _short_interest(self, request: Request) -> dict[str, Any]:
        company = self._by_symbol.get(request.query_params.get("ticker", ""))
        entries = [] if company is None or not company.free_float else self._interests(company)
        return _results(_sorted(request, entries, "settlement_date")[: _limit(request, SHORT_LIMITS)])

    def _interests(self, company: Company) -> list[dict[str, Any]]:
        rng = _random(f"{company.symbol} short")
        share, day = rng.uniform(*_SHARE_OF_FLOAT), self._today()
        entries = []
        for _ in range(MAX_ENTRIES):
            # Twice a month, on the 15th and the last day.
            day = day.replace(day=15) if day.day > 15 else day.replace(day=1) - timedelta(days=1)  # noqa: PLR2004  see above
            shares = int(company.free_float or 0)
            interest, volume = int(shares * share), max(1, int(shares * rng.uniform(0.002, 0.05)))
            share *= rng.uniform(0.9, 1.1)
            entries.append({
                "ticker": company.symbol,
                "settlement_date": day.isoformat(),
                "short_interest": interest,
                "avg_daily_volume": volume,
                "days_to_cover": round(max(1.0, interest / volume), 2),
            })  # fmt: skip
        return entries

    def _short_volume(self, request: Request) -> dict[str, Any]:
        company = self._by_symbol.get(request.query_params.get("ticker", ""))
        entries = [] if company is None or not company.free_float else self._volumes(company)
        return _results(_sorted(request, entries, "date")[: _limit(request, SHORT_LIMITS)])

    def _volumes(self, company: Company) -> list[dict[str, Any]]:
        day, entries = self._today(), []
        for _ in range(MAX_ENTRIES):
            day = self._calendar.previous_session(day)
            rng = _random(f"{company.symbol} {day}")
            total = max(1, int((company.free_float or 0) * rng.uniform(0.001, 0.04)))
            short = int(total * rng.uniform(0.25, 0.65))
            nyse, carteret = int(short * 0.1), int(short * 0.85)
            entries.append({
                "ticker": company.symbol,
                "date": day.isoformat(),
                "short_volume": short,
                "total_volume": total,
                "short_volume_ratio": round(100 * short / total, 2),
                "exempt_volume": int(short * 0.005),
                "non_exempt_volume": short - int(short * 0.005),
                "nyse_short_volume": nyse,
                "nasdaq_carteret_short_volume": carteret,
                "nasdaq_chicago_short_volume": 0,
                "adf_short_volume": short - nyse - carteret,
            })  # fmt: skip
        return entries

    def _today(self) -> date:
        return datetime.fromtimestamp(self._reference.clock_ms / 1_000, NEW_YORK).date()


def _random(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311  made-up data, no secret


def _has_logo(symbol: str) -> bool:
    return _random(f"{symbol} logo").randrange(_NO_LOGO_ONE_IN) > 0


def _shares_outstanding(company: Company) -> int | None:
    if company.free_float is None or not company.free_float_percent:
        return None
    return int(company.free_float / company.free_float_percent * 100)


def _sorted(request: Request, entries: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    is_falling = request.query_params.get("sort", "").endswith(".desc")
    is_falling |= request.query_params.get("order", "") == "desc"
    return sorted(entries, key=lambda entry: str(entry[field]), reverse=is_falling)


def _limit(request: Request, limits: tuple[int, int]) -> int:
    default, most = limits
    asked = request.query_params.get("limit", "")
    return min(int(asked), most) if asked.isdecimal() and int(asked) else default


def _results(results: list[dict[str, Any]]) -> dict[str, Any]:
    answer = {"status": "OK", "request_id": request_id(), "count": len(results)}
    return {**answer, "results": results}
