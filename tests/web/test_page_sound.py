"""Sounds of alerts, in a browser that refuses them before the first click."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import CDPSession, expect

from .installation import TIMEOUT_MS, Installation, layout, until, widget

OPTIONS = {"sound": "tone", "foldSeconds": 0, "isOpeningMuted": False, "filters": {"bounds": {}}}
ALERTS = layout("Alerts", [{"type": "range_alerts", "w": 12, "options": OPTIONS}])
COUNT = """
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) { window.tones += 1; return start.call(this, at); };
"""
IS_WAITING = (
    "document.querySelector('[data-widget=range_alerts]')?.innerText.includes('click to allow sound')"
)
LINES = "document.querySelector('[data-widget=range_alerts] tbody').innerText"


async def look(session: CDPSession, script: str) -> Any:  # noqa: ANN401  whatever the script gives
    """Return what a script gives, and touch nothing: what Playwright itself asks a page counts as a click."""
    answer = await session.send("Runtime.evaluate", {"expression": script, "returnByValue": True})
    return answer["result"].get("value")


async def look_until(session: CDPSession, script: str) -> None:
    async with asyncio.timeout(TIMEOUT_MS / 1_000):
        while not await look(session, script):  # noqa: ASYNC110  a page's state, no event of ours
            await asyncio.sleep(0.05)


async def test_sound_waits_for_a_click_is_heard_and_stays_muted(installation: Installation) -> None:
    async with installation.visit(ALERTS) as page:
        untouched = await page.context.new_cdp_session(page)
        await look_until(untouched, IS_WAITING)
        await look(untouched, COUNT)
        for _ in range(3):
            await look(untouched, f"window.before = {LINES}")
            await look_until(untouched, f"window.before !== {LINES}")
        assert await look(untouched, IS_WAITING)
        assert await look(untouched, "window.tones") == 0
        alerts = widget(page, "range_alerts")
        lines = alerts.locator("tbody tr[data-symbol]")
        await alerts.locator("h2").click()
        await expect(alerts).to_contain_text("♪")
        await until(page, "window.tones > 0")
        await page.get_by_role("button", name="Sound").click()
        heard = await page.evaluate("window.tones")
        before = await lines.all_inner_texts()
        await expect(lines).not_to_have_text(before)
        assert await page.evaluate("window.tones") == heard
        await page.reload()
        await look_until(untouched, IS_WAITING)
        await expect(page.get_by_role("button", name="Muted")).to_be_visible()
