"""What axe-core, the usual checker, says of the page."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .installation import WEB, Installation, widget
from .test_page_widgets import EVERYTHING, FILLED, TABLE

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
CHECK = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 150)).join('  ')}`);
}"""
MAKE_STALE = "document.querySelectorAll('[data-widget]').forEach((each) => each.classList.add('untrue'))"

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="no axe-core: npm ci was not run in web/")


async def serious(page: Page) -> list[str]:
    """Return what is wrong on the page as it is now."""
    await page.evaluate(AXE.read_text())
    found: list[str] = await page.evaluate(CHECK)
    return found


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_dashboard_has_nothing_serious(installation: Installation, theme: str) -> None:
    async with installation.visit(EVERYTHING) as page:
        await page.get_by_role("button", name="Settings", exact=True).click()
        await page.get_by_label("Theme").select_option(theme)
        assert await serious(page) == []
        await page.keyboard.press("Escape")
        await widget(page, "top_volume").locator(TABLE).first.click()
        for kind in ("quote", "company", "chart"):
            await expect(widget(page, kind).locator(FILLED[kind]).first).to_be_visible()
        await widget(page, "top_gainers").get_by_role("button", name="settings").click()
        assert await serious(page) == []
        await page.keyboard.press("Escape")
        await page.evaluate(MAKE_STALE)
        assert await serious(page) == []
        await page.get_by_role("button", name="Alerts", exact=True).click()
        await page.get_by_role("button", name="New rule").click()
        assert await serious(page) == []


async def test_the_pages_of_login_and_of_operators_have_nothing_serious(installation: Installation) -> None:
    async with installation.visit() as page:
        await page.get_by_role("button", name="Log in").click()
        assert await serious(page) == []
    async with installation.visit(user="operator", path="?view=console") as page:
        await expect(page.locator("[data-component]").first).to_be_visible()
        await expect(page.locator("section", has_text="Topics").locator("tbody tr").first).to_be_visible()
        clients = page.get_by_test_id("clients")
        await clients.scroll_into_view_if_needed()
        await clients.get_by_role("button", name="subscriptions of operator").first.click()
        await clients.get_by_role("button", name="Disconnect operator").first.click()
        assert await serious(page) == []
