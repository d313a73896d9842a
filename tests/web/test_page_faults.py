"""The page while the WDS is dead, and afterwards."""

from __future__ import annotations

import asyncio
import os
import signal

from playwright.async_api import expect

from .installation import Installation, layout, widget

BOARD = layout("Board", [{"type": "top_volume"}])
CONNECTION = "[data-testid=connection]"


async def test_a_killed_wds_is_shown_and_recovered_from(installation: Installation) -> None:
    keeper = installation.stage.keeper
    async with installation.visit(BOARD) as page:
        rows = widget(page, "top_volume").locator("tbody tr[data-symbol]")
        await expect(rows.first).to_be_visible()
        await expect(page.locator(f"{CONNECTION}[data-state=replay]")).to_be_visible()
        lost = asyncio.create_task(page.wait_for_selector(f"{CONNECTION}[data-state=disconnected]"))
        pale = asyncio.create_task(page.wait_for_selector("[data-widget=top_volume].untrue"))
        pid = keeper.pids["WDS"]
        os.kill(pid, signal.SIGKILL)
        await lost
        await pale
        # Old numbers are shown as old, and not taken away.
        await expect(rows.first).to_be_visible()
        await expect(page.locator(f"{CONNECTION}[data-state=replay]")).to_be_visible()
        await expect(page.locator("[data-widget=top_volume]:not(.untrue)")).to_be_visible()
        assert keeper.pids["WDS"] != pid
        before = await rows.all_inner_texts()
        await expect(rows).not_to_have_text(before)
