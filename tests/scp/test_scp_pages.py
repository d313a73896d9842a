from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import Request
from pydantic import SecretStr

from streams.scp.pages import Pages
from streams.wds.tokens import Tokens

from .conftest import SECRET, Install, Installation


def request(**headers: str) -> Request:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "headers": given})


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>page")
    (tmp_path / "assets" / "app-1a2b.js").write_text("let a = 1;" * 500)
    (tmp_path / ".hidden").write_text("secret")
    return Pages(tmp_path)


def test_named_by_content_for_good_the_page_never(pages: Pages) -> None:
    script = pages.answer(request(), "assets/app-1a2b.js")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert pages.answer(request(), "index.html").headers["cache-control"] == "no-cache"


def test_what_a_browser_has_is_not_sent_again(pages: Pages) -> None:
    etag = pages.answer(request(), "index.html").headers["etag"]
    assert pages.answer(request(if_none_match=etag), "index.html").status_code == 304


def test_scripts_are_sent_compressed_to_those_who_take_it(pages: Pages) -> None:
    packed = pages.answer(request(accept_encoding="gzip, br"), "assets/app-1a2b.js")
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < 500
    assert "content-encoding" not in pages.answer(request(), "assets/app-1a2b.js").headers


@pytest.mark.parametrize("path", ["layouts/morning", "chart/BRK.B", "console"])
def test_views_are_the_page(pages: Pages, path: str) -> None:
    assert pages.answer(request(accept="text/html"), path).body == b"<p>page"


@pytest.mark.parametrize("path", ["assets/app-0000.js", "assets/../../pages.py"])
def test_old_scripts_are_not_the_page(pages: Pages, path: str) -> None:
    assert pages.answer(request(accept="text/html"), path).status_code == 404


def test_no_other_file_can_be_read(pages: Pages) -> None:
    for path in (".hidden", "../pages.py", "/etc/passwd"):
        assert b"secret" not in pages.answer(request(accept="text/html"), path).body
        assert pages.answer(request(accept="image/png"), path).status_code == 404


async def test_the_page_talks_to_us_and_the_wds_alone(install: Install) -> None:
    scp = await install(scp_wds_public_url="wss://live.example/ws")
    policy = (await (await scp.browser()).get("/")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self' wss://live.example;" in policy
    assert "frame-ancestors 'none'" in policy


async def test_unknown_endpoints_are_no_page(scp: Installation) -> None:
    browser = await scp.browser()
    answer = await browser.get("/api/nothing", headers={"accept": "text/html"})
    assert (answer.status_code, answer.json()) == (404, {"error": "there is no such endpoint"})


async def test_the_api_is_described(scp: Installation) -> None:
    told = (await (await scp.browser()).get("/api/openapi.json")).json()
    assert {"/api/login", "/api/store/{shelf}/{name}", "/api/components/{name}/{action}"} <= told[
        "paths"
    ].keys()
    bodiless = {"/api/logout", "/api/wds/clients/{client_id}/disconnect"}
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] or path in {"/health", "/metrics"}
            assert "default" in operation["responses"]
            has_body = method in {"put", "patch"} or (method == "post" and path not in bodiless)
            assert ("requestBody" in operation) is has_body, (method, path)


async def test_the_page_gets_a_token_for_the_wds(scp: Installation) -> None:
    config = (await (await scp.browser("trader")).get("/api/get_config")).json()
    assert config["wds_url"] == f"ws://127.0.0.1:{scp.settings.wds_port}/ws"
    grant = Tokens(SecretStr(SECRET), None, 3_600).find(config["token"])
    assert grant is not None
    assert grant.name == "trader"
    assert abs(grant.expires_at - config["token_expires_ms"] / 1000) < 10
    assert SECRET not in str(config)


async def test_only_allowed_host_names_lead_here(install: Install) -> None:
    scp = await install(scp_allowed_hosts=["127.0.0.1", "localhost"], scp_anonymous_role="trader")
    browser = await scp.browser()
    assert (await browser.get("/api/get_config")).status_code == 200
    rebound = await browser.get("/api/get_config", headers={"host": "evil.example"})
    assert rebound.status_code == 400
