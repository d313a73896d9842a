"""Alert rules of a user: one line and one sound for a move, none for what is over."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from .installation import Installation, layout, widget
from .test_page_layouts import is_stored
from .test_page_widgets import TABLE

DESK = layout("Desk", [{"type": "top_volume"}, {"type": "rule_alerts"}])
COUNT_SOUNDS = """
    window.sounds = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) { window.sounds += 1; start.apply(this, when); };
"""
SHARES = 4_000
"""The busiest symbol trades as many in some seconds."""


async def volume_of(page: Page, symbol: str) -> int:
    """Return the shares of a symbol today, in full."""
    row = widget(page, "top_volume").locator(f"tr[data-symbol='{symbol}']")
    shares = await row.locator("td[title$=' shares']").first.get_attribute("title")
    assert shares is not None
    return int(re.sub(r"\D", "", shares))


async def test_a_rule_tells_of_a_crossed_level_once_and_not_again_after_a_reload(
    installation: Installation,
) -> None:
    async with installation.visit(DESK, user="ann") as page:
        await page.add_init_script(COUNT_SOUNDS)
        await page.reload()
        busiest = widget(page, "top_volume").locator(TABLE).first
        symbol = str(await busiest.get_attribute("data-symbol"))
        await page.get_by_role("button", name="Alerts", exact=True).click()
        rules = page.get_by_role("dialog", name="Alert rules")
        await rules.get_by_label("sound in a replay, too").check()
        await page.keyboard.press("Escape")
        await busiest.click(button="right")
        await page.get_by_role("menuitem", name="Alert at a price").click()
        form = page.get_by_role("dialog", name="Alert rule", exact=True)
        lines = widget(page, "rule_alerts").locator(TABLE)
        # A rule in the form is not in force: the price moves over its level and nothing is told.
        row = widget(page, "top_volume").locator(f"tr[data-symbol='{symbol}']")
        price = row.locator("td[title^='$']").first
        await expect(price).not_to_have_text(await price.inner_text())
        await expect(lines).to_have_count(0)
        await form.get_by_label("What").select_option("volume")
        await form.get_by_label("Direction").select_option("up")
        async with page.expect_response(lambda answer: is_stored(answer.request, "volume")):
            level = await volume_of(page, symbol) + SHARES
            await form.get_by_role("textbox", name="Level").fill(str(level))
            await page.keyboard.press("Enter")
        await expect(rules).to_contain_text(f"Vol of {symbol} rises over")
        await page.keyboard.press("Escape")
        await expect(lines).to_have_count(1)
        await expect(lines).to_contain_text("Vol over")
        assert await page.evaluate("window.sounds") == 1
        told = await lines.locator("td").first.inner_text()
        await page.reload()
        await expect(widget(page, "top_volume").locator(TABLE).first).to_be_visible()
        await page.mouse.click(5, 5)
        before = await volume_of(page, symbol)
        while await volume_of(page, symbol) == before:
            await page.wait_for_timeout(100)
        await expect(lines).to_have_count(1)
        await expect(lines.locator("td").first).to_have_text(told)
        await expect(lines).not_to_contain_text("×")
        assert await page.evaluate("window.sounds") == 0
