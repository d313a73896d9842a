"""Sounds of alerts, in a browser that refuses them before the first click."""

from __future__ import annotations

from playwright.async_api import expect

from .installation import Installation, layout, until, widget

OPTIONS = {"sound": "tone", "foldSeconds": 0, "isOpeningMuted": False, "filters": {"bounds": {}}}
ALERTS = layout("Alerts", [{"type": "range_alerts", "w": 12, "options": OPTIONS}])
COUNT = """() => {
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) { window.tones += 1; return start.call(this, at); };
}"""


async def test_sound_waits_for_a_click_is_heard_and_stays_muted(installation: Installation) -> None:
    async with installation.visit(ALERTS) as page:
        alerts = widget(page, "range_alerts")
        await expect(alerts).to_contain_text("click to allow sound")
        await page.evaluate(COUNT)
        lines = alerts.locator("tbody tr[data-symbol]")
        before = await lines.all_inner_texts()
        await expect(lines).not_to_have_text(before)
        assert await page.evaluate("window.tones") == 0
        await alerts.locator("h2").click()
        await expect(alerts).to_contain_text("♪")
        await until(page, "window.tones > 0")
        await page.get_by_role("button", name="Sound").click()
        heard = await page.evaluate("window.tones")
        before = await lines.all_inner_texts()
        await expect(lines).not_to_have_text(before)
        assert await page.evaluate("window.tones") == heard
        await page.reload()
        await expect(page.get_by_role("button", name="Muted")).to_be_visible()
        await expect(widget(page, "range_alerts")).to_contain_text("click to allow sound")
