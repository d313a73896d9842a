"""REST beside the socket, asked by an ordinary HTTP client."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds import keys
from streams.wds.replies import holds, takes_gzip
from streams.wds.service import WidgetDataService
from streams.wds.tokens import Tokens

KEY = "a key of the test"
SECRET = SecretStr("a secret of the test, 32 bytes long and more")
BOARD = json.dumps([{"symbol": f"S{number}", "close": 1.5} for number in range(500)])


def stranger(service: WidgetDataService) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", trust_env=False, timeout=30)


async def until_ready(http: httpx.AsyncClient, status: int) -> None:
    """Wait until a service says that it is ready (200), or that it is not."""
    async with asyncio.timeout(30):
        while (await http.get("/readyz")).status_code != status:  # noqa: ASYNC110  Redis sets no event
            await asyncio.sleep(0.02)


@pytest.fixture
async def http(service: WidgetDataService) -> AsyncIterator[httpx.AsyncClient]:
    async with stranger(service) as client:
        client.headers["Authorization"] = f"Bearer {KEY}"
        yield client


async def test_the_catalogue_tells_every_feed(http: httpx.AsyncClient) -> None:
    feeds = {feed["name"]: feed for feed in (await http.get("/feeds")).json()}
    assert feeds["quote:{symbol}"] == {
        "name": "quote:{symbol}",
        "glob": "quote:*",
        "kind": "latest",
        "ttl_s": 4 * 86_400,
        "bound": 1,
        "description": "the row of a symbol: price, volume, change",
    }
    assert feeds["scanners:{name}"]["kind"] == "latest"
    assert all(feed["description"] for feed in feeds.values())


async def test_a_value_is_what_redis_holds(http: httpx.AsyncClient, wdc: Redis) -> None:
    await wdc.set("scanners:top_volume", '[ {"close":1.10} ]')
    assert (await http.get("/feeds/scanners:top_volume")).text == '[ {"close":1.10} ]'
    await wdc.set("scanners:top_volume", BOARD)
    assert [row["symbol"] for row in (await http.get("/feeds/scanners:top_volume?limit=2")).json()] == [
        "S0",
        "S1",
    ]


@pytest.mark.parametrize("symbol", ["BRK.A", "BRK-A", "A+", "A=B", "A/B", "A B", "Ä%", "A?b#c"])
async def test_symbols_of_any_characters_are_found(http: httpx.AsyncClient, wdc: Redis, symbol: str) -> None:
    await wdc.set(f"quote:{symbol}", json.dumps({"symbol": symbol}))
    await wdc.lpush(f"news:ticker:{symbol}", '{"title":"a"}', '{"title":"b"}')
    encoded = quote(symbol, safe="")
    assert (await http.get(f"/quotes/{encoded}")).json() == {"symbol": symbol}
    assert (await http.get(f"/news/{encoded}?limit=1")).json() == [{"title": "b"}]


async def test_a_list_comes_in_part_where_no_limit_is_given(http: httpx.AsyncClient, wdc: Redis) -> None:
    entries = [json.dumps({"link": number, "text": "x" * 200}) for number in range(1_500)]
    await wdc.lpush("news:feed:latest", *entries)
    newest = (await http.get("/feeds/news:feed:latest")).json()
    assert (len(newest), newest[0]["link"]) == (1_000, 1_499)
    assert len((await http.get("/feeds/news:feed:latest?limit=1200")).json()) == 1_200


async def test_nothing_is_an_empty_list_or_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/news/ABC")).json() == []
    reply = await http.get("/quotes/ABC")
    assert (reply.status_code, reply.json()) == (404, {"error": "quote:ABC holds nothing now"})


@pytest.mark.parametrize("name", ["secret", "quote:", "..%2Fsecret", "scanners:%2A", "stocks:luld", "%00"])
async def test_only_feeds_of_the_catalogue_are_there(http: httpx.AsyncClient, wdc: Redis, name: str) -> None:
    await wdc.mset({"secret": "1", "scanners:secret!": "1", "\0": "1"})
    reply = await http.get(f"/feeds/{name}")
    assert reply.status_code == 404
    assert reply.json()["error"].startswith("no such feed")


@pytest.mark.parametrize("url", ["/news/A?limit=0", "/news/A?limit=x", f"/quotes/{'A' * 300}"])
async def test_a_senseless_request_is_one_clear_line(http: httpx.AsyncClient, url: str) -> None:
    reply = await http.get(url)
    assert reply.status_code == 400
    assert list(reply.json()) == ["error"]
    assert "\n" not in reply.json()["error"]


async def test_no_key_and_a_wrong_key_are_refused(service: WidgetDataService) -> None:
    async with stranger(service) as http:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-API-Key": "wrong"}):
            reply = await http.get("/feeds", headers=headers)
            assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
            assert "error" in reply.json()
        assert (await http.get("/feeds", headers={"X-API-Key": KEY})).status_code == 200


async def test_keys_and_tokens_allow_what_they_say(settings: Settings, wdc: Redis, tmp_path: Path) -> None:
    key, entry = keys.make("office", ("quote:A*",), None, None)
    keys.write(tmp_path / "keys.json", [entry])
    token = Tokens(SECRET, None, 60).sign("page", ("scanners:*",), 30)
    await wdc.mset({"quote:ABC": "1", "quote:XYZ": "2", "scanners:top_volume": "[]"})
    known = settings.model_copy(update={"wds_keys_file": tmp_path / "keys.json", "wds_jwt_secret": SECRET})
    urls = ("/quotes/ABC", "/quotes/XYZ", "/feeds/scanners:top_volume")
    async with WidgetDataService(known) as service, stranger(service) as http:
        by_key = [await http.get(url, headers={"X-API-Key": key}) for url in urls]
        by_token = [await http.get(url, headers={"Authorization": f"Bearer {token}"}) for url in urls]
        listed = await http.get("/feeds", headers={"X-API-Key": key})
    assert [reply.status_code for reply in by_key] == [200, 403, 403]
    assert [reply.status_code for reply in by_token] == [403, 403, 200]
    assert [feed["name"] for feed in listed.json()] == ["quote:{symbol}"]


async def test_what_has_not_changed_is_not_sent_again(http: httpx.AsyncClient, wdc: Redis) -> None:
    await wdc.set("quote:A", "1")
    etag = (await http.get("/quotes/A")).headers["etag"]
    unchanged = await http.get("/quotes/A", headers={"If-None-Match": f'"x", {etag}'})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", etag)
    await wdc.set("quote:A", "2")
    assert (await http.get("/quotes/A", headers={"If-None-Match": etag})).text == "2"


async def test_long_values_are_compressed_for_those_who_take_it(http: httpx.AsyncClient, wdc: Redis) -> None:
    await wdc.set("scanners:top_volume", BOARD)
    zipped = await http.get("/feeds/scanners:top_volume", headers={"Accept-Encoding": "gzip"})
    plain = await http.get("/feeds/scanners:top_volume", headers={"Accept-Encoding": "gzip;q=0, br"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < len(gzip.compress(BOARD.encode(), 1)) < len(BOARD)
    assert "content-encoding" not in plain.headers
    assert zipped.text == plain.text == BOARD


async def test_too_many_requests_are_told_when_to_come_again(settings: Settings) -> None:
    slow = settings.model_copy(update={"wds_rest_burst": 3, "wds_rest_per_s": 0.1})
    async with WidgetDataService(slow) as service, stranger(service) as http:
        replies = [await http.get("/feeds", headers={"X-API-Key": KEY}) for _ in range(4)]
        assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
        assert 1 <= int(replies[-1].headers["retry-after"]) <= 10
        assert (await http.get("/healthz")).status_code == 200


async def test_pages_of_allowed_origins_may_read(settings: Settings) -> None:
    bounded = settings.model_copy(update={"wds_allowed_origins": ["https://*.good.example"]})
    wish = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    async with WidgetDataService(bounded) as service, stranger(service) as http:
        for origin, allowed in (("https://a.good.example", True), ("https://bad.example", False)):
            asked = await http.options("/feeds", headers={"Origin": origin, **wish})
            got = await http.get("/feeds", headers={"Origin": origin, "X-API-Key": KEY})
            assert (asked.status_code == 200) is allowed
            assert (got.headers.get("access-control-allow-origin") == origin) is allowed


async def test_a_redis_that_hangs_is_told_and_leaves_the_process_alive(
    own_redis: RedisServer, settings: Settings
) -> None:
    assert own_redis.pid is not None
    impatient = settings.model_copy(update={"redis_timeout_s": 0.2})
    async with WidgetDataService(impatient) as service, stranger(service) as http:
        http.headers["X-API-Key"] = KEY
        await until_ready(http, 200)
        os.kill(own_redis.pid, signal.SIGSTOP)
        try:
            hanging = await http.get("/quotes/A")
            await until_ready(http, 503)
            alive = await http.get("/healthz")
        finally:
            os.kill(own_redis.pid, signal.SIGCONT)
    assert (hanging.status_code, hanging.json()) == (503, {"error": "Redis does not answer"})
    assert "retry-after" in hanging.headers
    assert alive.status_code == 200


async def test_the_interface_describes_itself(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()
    assert {"/feeds", "/feeds/{name}", "/quotes/{symbol}", "/news/{ticker}", "/readyz"} <= set(
        described["paths"]
    )
    assert "422" not in json.dumps(described)
    assert (await http.get("/nowhere")).json() == {"error": "Not Found"}


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("*;q=0, gzip;q=1", True),
        ("gzip;q=0", False),
        ("gzip;q=x", False),
        ("", False),
        ("identity", False),
    ],
)
def test_an_encoding_is_accepted_as_its_header_says(accepted: str, expected: bool) -> None:
    assert takes_gzip(accepted) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [('W/"a"', True), ('"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("", False)],
)
def test_an_etag_is_compared_weakly(header: str, expected: bool) -> None:
    assert holds(header, 'W/"a"') is expected
