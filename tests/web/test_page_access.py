"""Who may do what, as the page shows it and the server holds it."""

from __future__ import annotations

from http import HTTPStatus

from playwright.async_api import expect

from .installation import PASSWORD, Installation, layout, log_in

NEWS = "finlight-listener"
PLAIN = layout("Plain", [{"type": "quote"}])
STOP = """async (name) => {
    const { csrf } = await (await fetch('api/session')).json();
    const headers = { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' };
    const answer = await fetch(`api/components/${name}/stop`, { method: 'POST', headers, body: '{}' });
    return answer.status;
}"""


async def test_a_wrong_login_is_refused_in_one_sentence(installation: Installation) -> None:
    async with installation.visit(PLAIN) as page:
        await page.get_by_role("button", name="Log in").click()
        await log_in(page, "viewer", "no such password")
        await expect(page.get_by_role("alert")).to_have_text("wrong name or password")
        await expect(page.get_by_label("Password")).to_have_value("")
        await expect(page.get_by_label("Name")).to_have_value("viewer")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="viewer · log out")).to_be_visible()


async def test_a_viewer_cannot_stop_a_listener(installation: Installation) -> None:
    async with installation.visit(PLAIN, user="viewer", path="?view=console") as page:
        row = page.locator(f"[data-component={NEWS}]")
        await expect(row.get_by_role("combobox")).to_be_disabled()
        for of_operators in ("clients", "topic-inspector"):
            await expect(page.get_by_test_id(of_operators)).to_have_count(0)
        assert await page.evaluate(STOP, NEWS) == HTTPStatus.FORBIDDEN
        await expect(row).not_to_contain_text("stopped")


async def test_an_operator_stops_and_starts_a_listener_and_the_log_tells_of_it(
    installation: Installation,
) -> None:
    async with installation.visit(PLAIN, user="operator", path="?view=console") as page:
        row = page.locator(f"[data-component={NEWS}]")
        await row.get_by_role("combobox").select_option("stop")
        await expect(page.locator("form.confirm")).to_contain_text("no data of it arrives")
        await page.get_by_role("button", name="Leave it").click()
        await expect(page.locator("form.confirm")).to_be_hidden()
        await expect(row).not_to_contain_text("stopped")
        await row.get_by_role("combobox").select_option("stop")
        await page.get_by_role("button", name="Yes, stop").click()
        await expect(row).to_contain_text("stopped")
        await expect(page.get_by_test_id("health")).to_contain_text("Finlight listener: not healthy")
        entry = page.locator("section", has=page.get_by_role("heading", name="Log")).locator("tr").first
        await expect(entry).to_contain_text("operator")
        await expect(entry).to_contain_text(f"stop {NEWS}")
        await row.get_by_role("combobox").select_option("start")
        await page.get_by_role("button", name="Yes, start").click()
        await expect(row).not_to_contain_text("stopped")
