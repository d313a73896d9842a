from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from redis.asyncio import Redis

from streams import feeds
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator
from tests.metrics.scrape import parse, total

from .conftest import Browser, Install

KEY = "the-vendors-key"
COMPANY = "/api/market_data/company/NVDA"


@pytest.fixture
async def vendor() -> AsyncIterator[Simulator]:
    options = SimOptions(symbols=60, rate=100, start="2026-11-20T09:31:00", api_key=SecretStr(KEY))
    async with Simulator(options) as running:
        yield running


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url.rpartition("/")[0] + "/13") as client:
        await client.flushdb()
        yield client


@pytest.fixture
async def page(install: Install, vendor: Simulator, cache: Redis) -> Browser:
    scp = await install(massive_rest_url=vendor.rest_url, massive_api_key=SecretStr(KEY))
    return await scp.browser("viewer")


def calls(vendor: Simulator, path: str) -> int:
    return int(vendor.status()["rest"]["answered"].get(path, 0))


async def test_a_company_is_asked_for_once_however_many_want_it(page: Browser, vendor: Simulator) -> None:
    answers = await asyncio.gather(*(page.get(COMPANY) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json()["data"]["name"] == "NVDA Inc."
    assert answers[0].json()["data"]["logo_url"] == "/api/market_data/logo/NVDA"
    assert (await page.get(COMPANY)).json()["source"] == "cache"
    assert calls(vendor, "/v3/reference/tickers/NVDA") == 1


async def test_other_questions(page: Browser) -> None:
    interest = (await page.get("/api/market_data/short_interest/NVDA")).json()
    assert interest["data"].keys() == {
        "short_interest", "days_to_cover", "avg_daily_volume", "settlement_date"
    }  # fmt: skip
    assert interest["data"]["settlement_date"] == "2026-11-15"
    volume = (await page.get("/api/market_data/short_volume/nvda")).json()
    assert (volume["symbol"], volume["data"]["date"]) == ("NVDA", "2026-11-19")
    assert 0 < volume["data"]["short_volume_ratio"] < 100


async def test_keys_live_as_long_as_the_catalogue_says(page: Browser, cache: Redis) -> None:
    await page.get(COMPANY)
    await page.get("/api/market_data/company/ZZZZ")
    assert await cache.ttl(feeds.COMPANY_OVERVIEW.key("NVDA")) > 29 * feeds.DAY
    assert 0 < await cache.ttl(feeds.COMPANY_OVERVIEW.key("ZZZZ")) <= feeds.DAY


async def test_what_the_vendor_does_not_know_is_remembered(page: Browser, vendor: Simulator) -> None:
    for source in ("api", "cache"):
        answer = (await page.get("/api/market_data/company/ZZZZ")).json()
        assert (answer["data"], answer["available"], answer["source"]) == ({}, False, source)
    assert calls(vendor, "/v3/reference/tickers/ZZZZ") == 1


async def test_logos_come_as_images_in_which_no_script_runs(page: Browser, cache: Redis) -> None:
    answer = await page.get("/api/market_data/logo/NVDA")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert await cache.get(feeds.COMPANY_LOGO.key("NVDA")) == answer.content
    assert (await page.get("/api/market_data/logo/ZZZZ")).status_code == 404


@pytest.fixture
async def strange(install: Install, cache: Redis) -> AsyncIterator[Browser]:
    """The page where the vendor's images are strange: huge, no image, somewhere else, broken off."""

    async def overview(request: web.Request) -> web.Response:
        logo = f"https://vendor.example/logo/{request.match_info['symbol']}?apiKey={KEY}"
        return web.json_response({"results": {"name": "A", "branding": {"logo_url": logo}}})

    async def logo(request: web.Request) -> web.Response:
        asked.append(request.path)
        match request.match_info["symbol"]:
            case "HUGE":
                return web.Response(body=b"\x89PNG\r\n\x1a\n" + bytes(600_000))
            case "HTML":
                return web.Response(text="<html><script>alert(1)</script>", content_type="image/png")
            case "AWAY":
                raise web.HTTPFound(f"https://elsewhere.example/?apiKey={KEY}")
        return web.Response(body=b"GIF89a", content_type="text/html")

    asked: list[str] = []
    app = web.Application()
    app.router.add_get("/v3/reference/tickers/{symbol}", overview)
    app.router.add_get("/logo/{symbol}", logo)
    async with TestServer(app) as vendor:
        url = str(vendor.make_url("")).rstrip("/")
        scp = await install(massive_rest_url=url, massive_api_key=SecretStr(KEY))
        browser = await scp.browser("viewer")
        yield browser
    assert len(asked) == len(set(asked))


async def test_strange_logos_are_none_and_asked_for_once(strange: Browser) -> None:
    for symbol, status in {"HUGE": 404, "HTML": 404, "AWAY": 503, "GIF": 200}.items():
        for _ in range(2):
            answer = await strange.get(f"/api/market_data/logo/{symbol}")
            assert answer.status_code == status
            assert KEY not in f"{answer.text}{answer.headers}"
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_news_of_the_feed_come_before_the_archives(page: Browser, cache: Redis) -> None:
    archived = (await page.get("/api/market_data/news/NVDA", params={"limit": 2})).json()
    assert len(archived["articles"]) == 2
    assert archived["articles"][0].keys() >= {"title", "url", "published_at", "source"}
    live = {"link": "https://a.example", "title": "Now", "publishDate": "2026-11-20T14:31:00Z"}
    await cache.lpush(feeds.NEWS_TICKER.key("NVDA"), b"{", json.dumps(live))
    (article,) = (await page.get("/api/market_data/news/NVDA")).json()["articles"]
    assert (article["title"], article["url"]) == ("Now", "https://a.example")


async def test_a_vendor_in_trouble_is_told_and_left_alone(page: Browser, vendor: Simulator) -> None:
    fault = {"kind": "unavailable", "path": "/v3/reference/tickers", "calls": 100}
    async with httpx.AsyncClient(base_url=vendor.rest_url) as client:
        assert (await client.post("/sim/rest/fault", json=fault)).is_success
    answers = [await page.get(COMPANY) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {503}
    assert vendor.status()["rest"]["refused"] == 1
    assert answers[0].json()["data"] == {}


async def test_the_vendors_key_is_in_no_reply_and_no_log(
    page: Browser, install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = await install(massive_rest_url=str(page.base_url), massive_api_key=SecretStr(KEY))
    broken = await wrong.browser("viewer")
    seen = ""
    for browser in (page, broken):
        for path in ("company", "logo", "news", "short_interest", "short_volume"):
            answer = await browser.get(f"/api/market_data/{path}/AAPL")
            seen += f"{answer.text}{answer.headers}"
        seen += (await browser.get("/api/get_config")).text + (await browser.get("/health")).text
    assert KEY not in seen + caplog.text


@pytest.mark.parametrize("symbol", ["..%2F..%2Fv1", "A%20B", "%00", "A" * 17, "-"])
async def test_what_is_no_symbol_is_not_asked(page: Browser, vendor: Simulator, symbol: str) -> None:
    assert (await page.get(f"/api/market_data/company/{symbol}")).status_code == 422
    assert vendor.status()["rest"] == {"answered": {}, "refused": 0}


async def test_redis_away_means_no_cache_and_nothing_worse(install: Install, vendor: Simulator) -> None:
    scp = await install(
        massive_rest_url=vendor.rest_url,
        massive_api_key=SecretStr(KEY),
        wdc_redis_url=SecretStr("redis://127.0.0.1:1/1"),
    )
    page = await scp.browser("viewer")
    assert (await page.get(COMPANY)).json()["source"] == "api"
    assert (await page.get("/health")).json()["counters"]["dropped"] == {"company_cache": 2}
    figures = parse((await page.get("/metrics")).text)
    assert total(figures, "streams_scp_dropped_total", component="scp", reason="company_cache") == 2
