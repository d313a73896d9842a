from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3

import pytest

from .conftest import PASSWORD, Install, Installation

OPEN = {"/api/session", "/api/login", "/health", "/metrics"}


async def test_a_login_lasts_until_logout(scp: Installation) -> None:
    browser = await scp.browser()
    assert (await browser.get("/api/session")).status_code == 401
    assert (await browser.log_in("Trader")).json() == {"user": "trader", "role": "trader"}
    assert (await browser.get("/api/session")).json()["role"] == "trader"
    kept = dict(browser.cookies)
    assert (await browser.post("/api/logout", json={})).status_code == 204
    # Also for one who has kept the cookie.
    browser.cookies.update(kept)
    assert (await browser.get("/api/session")).status_code == 401


async def test_nobody_learns_which_names_there_are(scp: Installation) -> None:
    browser = await scp.browser()
    wrong = await browser.log_in("admin", "a wrong password")
    unknown = await browser.log_in("nobody-here", "a wrong password")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 401
    assert [entry for entry in await scp.audited() if entry[3] == "refused"] == [
        ("admin", "log in", "admin", "refused"),
        ("(unknown)", "log in", "(unknown)", "refused"),
    ]


async def test_an_account_must_wait_after_failures(
    scp: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So long that it is not over before the test is, also on a busy machine.
    monkeypatch.setattr("streams.scp.login_throttle.FIRST_WAIT_S", 250.0)
    owner = await scp.browser("viewer")
    assert (await owner.post("/api/logout", json={})).status_code == 204
    browser = await scp.browser()
    statuses = [(await browser.log_in("viewer", f"guess {n}")).status_code for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    answer = await browser.log_in("viewer")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    # Whoever guesses keeps the owner out of no browser that he has used before.
    assert (await owner.log_in("viewer")).status_code == 200
    assert (await browser.log_in("trader")).status_code == 200


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(install: Install) -> None:
    plain = await (await (await install()).browser()).log_in("viewer")
    for cookie in plain.headers.get_list("set-cookie"):
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    behind_tls = await install(scp_public_url="https://scan.example")
    # The test's browser has no TLS, and keeps no such cookie.
    given = {"username": "viewer", "password": PASSWORD}
    secure = (await (await behind_tls.browser()).post("/api/login", json=given)).headers
    names = set()
    for cookie in secure.get_list("set-cookie"):
        names.add(cookie.partition("=")[0])
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert names == {"__Host-scp_session", "__Host-scp_device"}
    # What another host of the site may have set is no login there.
    token = plain.cookies["scp_session"]
    tossed = await behind_tls.browser(cookies={"scp_session": token})
    assert (await tossed.get("/api/session")).status_code == 401
    prefixed = await behind_tls.browser(cookies={"__Host-scp_session": token})
    assert (await prefixed.get("/api/session")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"x-csrf-token": ""},
        {"x-csrf-token": "x" * 43},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
    ],
)
async def test_forged_requests_are_refused(scp: Installation, headers: dict[str, str]) -> None:
    browser = await scp.browser("trader")
    answer = await browser.put("/api/store/layouts/mine", json={}, headers=headers)
    assert answer.status_code == 403
    assert (await browser.get("/api/store/layouts")).json() == {"items": []}


async def test_every_endpoint_needs_a_login_and_every_change_its_token(scp: Installation) -> None:
    stranger, admin = await scp.browser(), await scp.browser("admin")
    del admin.headers["x-csrf-token"]
    described = (await stranger.get("/api/openapi.json")).json()["paths"]
    asked = [(path, method) for path in described.keys() - OPEN for method in described[path]]
    assert len(asked) > 20
    for path, method in asked:
        url = re.sub(r"{\w+}", "x", path)
        assert (await stranger.request(method, url, json={})).status_code == 401, url
        if method != "get":
            assert (await admin.request(method, url, json={})).status_code == 403, url


async def test_other_sites_cannot_log_somebody_in(scp: Installation) -> None:
    browser = await scp.browser()
    body = '{"username":"viewer","password":"correct horse battery"}'
    form = await browser.post("/api/login", content=body, headers={"content-type": "text/plain"})
    assert form.status_code == 415
    foreign = await browser.post(
        "/api/login",
        json={"username": "viewer", "password": PASSWORD},
        headers={"origin": "https://evil.example"},
    )
    assert foreign.status_code == 403
    assert not browser.cookies


async def test_a_login_can_be_ended_from_another_browser(scp: Installation) -> None:
    first, second = await scp.browser("trader"), await scp.browser("trader")
    listed = (await second.get("/api/logins")).json()["items"]
    assert [each["current"] for each in listed] in ([True, False], [False, True])
    other = next(each["id"] for each in listed if not each["current"])
    assert (await second.delete(f"/api/logins/{other}")).status_code == 204
    assert (await first.get("/api/session")).status_code == 401
    assert (await second.get("/api/session")).status_code == 200


async def test_logins_of_others_cannot_be_ended(scp: Installation) -> None:
    trader, viewer = await scp.browser("trader"), await scp.browser("viewer")
    (mine,) = (await trader.get("/api/logins")).json()["items"]
    assert (await viewer.delete(f"/api/logins/{mine['id']}")).status_code == 404
    assert (await trader.get("/api/session")).status_code == 200


@pytest.mark.parametrize("life", [{"scp_session_idle_s": 0.001}, {"scp_session_max_s": 0.001}])
async def test_an_unused_login_and_an_old_one_end(install: Install, life: dict[str, float]) -> None:
    scp = await install(**life)
    browser = await scp.browser()
    await browser.post("/api/login", json={"username": "viewer", "password": PASSWORD})
    assert (await browser.get("/api/session")).status_code == 401


async def test_logins_outlive_a_restart_and_the_database_does_not_hold_them(install: Install) -> None:
    scp = await install()
    browser = await scp.browser("viewer")
    token = browser.cookies["scp_session"]
    again = await (await install()).browser(cookies={"scp_session": token})
    assert (await again.get("/api/session")).json()["user"] == "viewer"
    content = b"".join(path.read_bytes() for path in scp.settings.data_dir.glob("scp.sqlite*"))
    assert token.encode() not in content
    assert PASSWORD.encode() not in content


async def test_a_new_password_ends_all_other_logins(scp: Installation) -> None:
    here, there = await scp.browser("trader"), await scp.browser("trader")
    new = "another good password"
    assert (await here.post("/api/password", json={"old": "wrong", "new": new})).status_code == 401
    assert (await here.post("/api/password", json={"old": PASSWORD, "new": "short"})).status_code == 422
    assert (await here.post("/api/password", json={"old": PASSWORD, "new": new})).status_code == 200
    assert (await here.get("/api/session")).status_code == 200
    assert (await there.get("/api/session")).status_code == 401
    assert (await there.log_in("trader", new)).status_code == 200


async def test_admins_manage_accounts(scp: Installation) -> None:
    admin, operator = await scp.browser("admin"), await scp.browser("operator")
    new = {"username": "Bob", "password": PASSWORD, "role": "viewer"}
    assert (await operator.post("/api/accounts", json=new)).status_code == 403
    assert (await admin.post("/api/accounts", json=new)).json()["username"] == "bob"
    assert (await admin.post("/api/accounts", json=new)).status_code == 422
    bob = await scp.browser("bob")
    for nothing in ({}, {"role": None}, {"rolle": "trader"}):
        assert (await admin.patch("/api/accounts/bob", json=nothing)).status_code == 422
    assert (await bob.get("/api/session")).status_code == 200
    assert (await admin.patch("/api/accounts/nobody", json={"role": "trader"})).status_code == 404
    assert (await admin.patch("/api/accounts/bob", json={"role": "trader"})).json()["role"] == "trader"
    # Whose role changes logs in anew.
    assert (await bob.get("/api/session")).status_code == 401
    assert (await admin.patch("/api/accounts/bob", json={"active": False})).status_code == 200
    assert (await bob.log_in("bob")).status_code == 401
    assert (await admin.delete("/api/accounts/bob")).status_code == 204
    assert "bob" not in {each["username"] for each in (await admin.get("/api/accounts")).json()["items"]}


async def test_the_last_admin_stays(scp: Installation) -> None:
    admin = await scp.browser("admin")
    for change in ({"role": "viewer"}, {"active": False}):
        assert "last admin" in (await admin.patch("/api/accounts/admin", json=change)).json()["error"]
    assert (await admin.delete("/api/accounts/admin")).status_code == 422
    assert (await admin.get("/api/session")).json()["role"] == "admin"


async def test_without_a_login_only_what_the_setting_allows(install: Install) -> None:
    closed = await (await install()).browser()
    for path in ("get_config", "components", "topics", "audit", "store/layouts", "market_data/company/A"):
        assert (await closed.get(f"/api/{path}")).status_code == 401
    opened = await (await install(scp_anonymous_role="trader")).browser()
    session = (await opened.get("/api/session")).json()
    assert (session["role"], session["anonymous"]) == ("trader", True)
    csrf = {"x-csrf-token": session["csrf"]}
    assert (await opened.put("/api/store/layouts/mine", json={"a": 1})).status_code == 403
    assert (await opened.put("/api/store/layouts/mine", json={"a": 1}, headers=csrf)).status_code == 200
    assert (await opened.post("/api/components/massive-listener/stop", headers=csrf)).status_code == 403
    assert (await opened.get("/api/audit")).status_code == 403


async def test_a_database_that_is_away_is_told_and_not_taken_for_a_logout(scp: Installation) -> None:
    browser = await scp.browser("viewer")

    def rename(old: str, new: str) -> None:
        with contextlib.closing(sqlite3.connect(scp.settings.data_dir / "scp.sqlite", timeout=60)) as holder:
            holder.execute(f"ALTER TABLE {old} RENAME TO {new}")
            holder.commit()

    # In a thread: it may wait for the control plane, which is in this one.
    await asyncio.to_thread(rename, "logins", "elsewhere")
    answer = await browser.get("/api/session")
    assert (answer.status_code, "database" in answer.json()["error"]) == (503, True)
    await asyncio.to_thread(rename, "elsewhere", "logins")
    assert (await browser.get("/api/session")).status_code == 200
