from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect
from pydantic import SecretStr

from benchmarks.dashboard import CHROMIUM as ARGUMENTS
from streams.errors import StreamsError
from streams.scp.service import ControlPlane
from streams.settings import Settings
from tests.web.installation import CHROMIUM

from .conftest import Browser, Install, Installation


@pytest.fixture
async def scp(install: Install, provider: str) -> Installation:
    return await install(
        scp_oidc_issuer=provider,
        scp_oidc_client_id="scanner",
        scp_oidc_client_secret=SecretStr("shared"),
        scp_oidc_roles=["desk=trader", "ops=operator"],
    )


async def at_provider(browser: Browser, subject: str) -> str:
    """Go to the provider and let it know who one is; return where it sends the browser back to."""
    there = await browser.get("/api/oidc/login", params={"next": "/boards?a=1"})
    assert there.status_code in {302, 303}
    query = parse_qs(urlsplit(there.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= query.keys()
    async with httpx.AsyncClient() as client:
        back = await client.post(there.headers["location"], data={"sub": subject})
    return str(back.headers["location"])


async def test_people_log_in_at_the_provider_with_their_highest_role(scp: Installation) -> None:
    browser = await scp.browser()
    done = await browser.get(await at_provider(browser, "u1"))
    assert (done.status_code, done.headers["location"]) == (303, "/boards?a=1")
    session = (await browser.get("/api/session")).json()
    assert (session["user"], session["role"]) == ("ann", "operator")
    # The second time it is the same account.
    again = await scp.browser()
    await again.get(await at_provider(again, "u1"))
    admin = await scp.browser("admin")
    accounts = (await admin.get("/api/accounts")).json()["items"]
    assert [each["username"] for each in accounts if each["source"] == "oidc"] == ["ann"]


async def test_what_the_token_does_not_tell_is_asked_for(install: Install, provider: str) -> None:
    scp = await install(
        scp_oidc_issuer=provider,
        scp_oidc_client_id="scanner",
        scp_oidc_client_secret=SecretStr("shared"),
        scp_oidc_role_claim="realm_access.roles",
        scp_oidc_roles=["ops=operator"],
    )
    browser = await scp.browser()
    done = await browser.get(await at_provider(browser, "u3"))
    assert done.headers["location"] == "/boards?a=1"
    session = (await browser.get("/api/session")).json()
    assert (session["user"], session["role"]) == ("kim", "operator")


async def test_another_role_at_the_provider_ends_the_logins_of_before(
    scp: Installation, provider: str
) -> None:
    browsers = []
    for group in ("desk", "ops"):
        async with httpx.AsyncClient(base_url=provider) as client:
            assert (await client.put("/users/u4", json={"groups": [group]})).is_success
        browsers.append(await scp.browser())
        await browsers[-1].get(await at_provider(browsers[-1], "u4"))
    before, after = [await browser.get("/api/session") for browser in browsers]
    assert (before.status_code, after.json()["role"]) == (401, "operator")


async def test_one_without_a_role_is_refused(scp: Installation) -> None:
    browser = await scp.browser()
    done = await browser.get(await at_provider(browser, "u2"))
    assert done.headers["location"].startswith("/?login_error=")
    assert (await browser.get("/api/session")).status_code == 401
    assert ("u2", "log in", "u2", "refused") in await scp.audited()


async def test_a_closed_account_is_refused(scp: Installation) -> None:
    browser, admin = await scp.browser(), await scp.browser("admin")
    await browser.get(await at_provider(browser, "u1"))
    assert (await admin.patch("/api/accounts/ann", json={"active": False})).status_code == 200
    await browser.get(await at_provider(browser, "u1"))
    assert (await browser.get("/api/session")).status_code == 401


async def test_an_answer_to_somebody_elses_question_is_refused(scp: Installation) -> None:
    victim, attacker = await scp.browser(), await scp.browser()
    callback = await at_provider(attacker, "u1")
    own = await at_provider(victim, "u1")
    state, code = (
        parse_qs(urlsplit(url).query)[name][0] for url, name in ((own, "state"), (callback, "code"))
    )
    # Neither as a whole, nor the attacker's code as the answer to the victim's own question, nor half of one.
    for forged in (callback, f"?code={code}&state={state}", f"?state={state}", f"?code={code}", ""):
        url = forged if forged == callback else f"/api/oidc/callback{forged}"
        assert "login_error" in (await victim.get(url)).headers["location"]
    assert (await victim.get("/api/session")).status_code == 401
    # And a code that was used is used up.
    await attacker.get(callback)
    assert "login_error" in (await attacker.get(callback)).headers["location"]


async def test_nobody_is_sent_to_another_site(scp: Installation, provider: str) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example"):
        browser = await scp.browser()
        there = await browser.get("/api/oidc/login", params={"next": target})
        assert there.headers["location"].startswith(provider)
        async with httpx.AsyncClient() as client:
            back = await client.post(there.headers["location"], data={"sub": "u1"})
        assert (await browser.get(back.headers["location"])).headers["location"] == "/"


async def test_a_provider_that_is_away_is_told(install: Install) -> None:
    scp = await install(
        scp_oidc_issuer="http://127.0.0.1:1", scp_oidc_client_id="a", scp_oidc_default_role="viewer"
    )
    answer = await (await scp.browser()).get("/api/oidc/login")
    assert "does%20not%20answer" in answer.headers["location"]
    # Local accounts still work.
    assert (await (await scp.browser("viewer")).get("/api/session")).status_code == 200


async def test_a_provider_must_be_who_it_should_be(install: Install, provider: str) -> None:
    other_name = provider.replace("localhost", "127.0.0.1") + "/"
    scp = await install(
        scp_oidc_issuer=other_name.rstrip("/").replace("http://", "http://x@"),
        scp_oidc_client_id="a",
        scp_oidc_default_role="viewer",
    )
    assert "calls%20itself" in (await (await scp.browser()).get("/api/oidc/login")).headers["location"]


@pytest.mark.parametrize(
    "given",
    [
        {"scp_oidc_client_id": None},
        {"scp_oidc_roles": ["desk=boss"]},
        {"scp_oidc_roles": ["trader"]},
        {"scp_oidc_default_role": None},
    ],
)
def test_wrong_settings_are_told_at_once(settings: Settings, given: dict[str, object]) -> None:
    right = {
        "scp_oidc_issuer": "https://id.example", "scp_oidc_client_id": "a", "scp_oidc_default_role": "viewer"
    }  # fmt: skip
    with pytest.raises(StreamsError, match="role|SCP_OIDC"):
        ControlPlane(settings.model_copy(update={**right, **given}))


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = await browser.new_page()
        # The provider's page would get its style from elsewhere.
        await page.route("https://**", lambda route: route.abort())
        yield page
        await browser.close()


async def test_people_log_in_by_the_pages_link_and_out_again(
    scp: Installation, install: Install, page: Page
) -> None:
    link, one_sentence = page.get_by_text("Log in with your organisation"), page.get_by_role("alert")
    await page.goto(f"{scp.url}/?view=console")
    await link.click()
    await page.get_by_role("button", name="u2").click()
    await expect(one_sentence).to_have_text("u2 has no role here")
    await expect(page).to_have_url(f"{scp.url}/")
    await page.goto(f"{scp.url}/?view=console")
    await link.click()
    await page.get_by_role("button", name="u1").click()
    await expect(page).to_have_url(f"{scp.url}/?view=console")
    await page.goto(scp.url)
    await page.get_by_role("button", name="ann · log out").click()
    await expect(link).to_be_visible()
    away = await install(
        scp_oidc_issuer="http://127.0.0.1:1",
        scp_oidc_client_id="a",
        scp_oidc_default_role="viewer",
        scp_anonymous_role="viewer",
    )
    await page.goto(away.url)
    await page.get_by_role("button", name="Log in").click()
    await link.click()
    await expect(one_sentence).to_have_text("the login provider does not answer: try again")
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()
