"""The control plane behind a proxy, which has the certificate and may have it below a path."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from streams.errors import SettingsError
from streams.settings import load

from .conftest import PASSWORD, Install

FORWARDED = {"x-forwarded-for": "198.51.100.1, 203.0.113.9", "x-forwarded-proto": "https"}


@pytest.mark.parametrize(
    ("trusted", "address", "is_secure"), [(["127.0.0.1"], "203.0.113.9", True), ([], "127.0.0.1", False)]
)
async def test_only_trusted_proxies_tell_where_a_request_comes_from(
    install: Install, trusted: list[str], address: str, is_secure: bool
) -> None:
    scp = await install(scp_trusted_proxies=trusted)
    given = {"username": "operator", "password": PASSWORD}
    answer = await (await scp.browser()).post("/api/login", json=given, headers=FORWARDED)
    assert ("; Secure" in answer.headers["set-cookie"]) is is_secure
    assert ("strict-transport-security" in answer.headers) is is_secure
    entry = (await (await scp.browser("admin")).get("/api/audit")).json()["items"][-1]
    assert (entry["user"], entry["address"]) == ("operator", address)


async def test_below_a_path_of_a_proxy(install: Install, provider: str) -> None:
    scp = await install(
        scp_public_url="https://desk.example/scan/",
        scp_oidc_issuer=provider,
        scp_oidc_client_id="scanner",
        scp_oidc_default_role="viewer",
    )
    browser = await scp.browser()
    ways = (await browser.get("/api/session")).json()["login"]
    assert ways["oidc"] == "/scan/api/oidc/login"
    there = await browser.get("/api/oidc/login")
    (back,) = parse_qs(urlsplit(there.headers["location"]).query)["redirect_uri"]
    assert back == "https://desk.example/scan/api/oidc/callback"
    assert {"path=/scan/api/oidc", "httponly", "secure"} <= set(there.headers["set-cookie"].split("; "))
    refused = await browser.get("/api/oidc/callback")
    assert refused.headers["location"].startswith("/scan/?login_error=")


@pytest.mark.parametrize("url", ["scan.example.com", "ftp://scan.example.com", "https://", "https://a/?b=c"])
def test_what_is_no_public_address_is_told_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCP_PUBLIC_URL", url)
    with pytest.raises(SettingsError, match="SCP_PUBLIC_URL"):
        load()
