"""A trader's own screener, from the form to the board and back; a viewer makes none."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Locator, Page, expect
from redis.asyncio import Redis

from streams import feeds
from tests.integration.workers import eventually

from .installation import SCREENER, Installation, layout

TABLE = "tbody tr[data-symbol]"
PLAIN = layout("Plain", [{"type": "quote"}])
NAME = "Dear & small"
PRICES = """(widget) => {
    const heads = [...widget.querySelectorAll('thead th')];
    const at = heads.findIndex((head) => head.textContent.trim().startsWith('Price'));
    const rows = [...widget.querySelectorAll('tbody tr[data-symbol]')];
    return rows.map((row) => Number(row.cells[at].textContent));
}"""
STORE = """async () => {
    const { csrf } = await (await fetch('api/session')).json();
    const headers = { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ sort: 'price' });
    return (await fetch('api/store/screeners/mine', { method: 'PUT', headers, body })).status;
}"""


def group(page: Page, name: str) -> Locator:
    """Return the form's conditions of a group."""
    return page.locator(f"[data-group={name}]")


async def opened(page: Page) -> Locator:
    """Return the list of screeners."""
    await page.get_by_role("button", name="Screeners", exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(f"[data-screener={SCREENER}]")).to_be_visible()
    return dialog


async def store(dialog: Locator) -> None:
    await dialog.get_by_role("button", name="Store").click()
    await expect(dialog.get_by_role("status")).to_contain_text("is stored")


async def expect_prices(board: Locator, lowest: float, highest: float) -> None:
    """Wait until the board has rows, all of such prices."""
    await expect(board.locator(TABLE).first).to_be_visible()
    prices: list[float] = []
    for _ in range(300):
        prices = await board.evaluate(PRICES)
        if prices and lowest <= min(prices) and max(prices) <= highest:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"prices from {min(prices)} to {max(prices)}")


async def test_a_trader_makes_changes_and_removes_a_screener(installation: Installation) -> None:
    async with installation.visit(PLAIN, user="trader") as page:
        dialog = await opened(page)
        await dialog.get_by_role("button", name="New screener").click()
        await dialog.get_by_label("Name").fill(NAME)
        for condition in ("Vol", "Type"):
            await group(page, "all").get_by_role("button", name=f"Remove {condition}").click()
        await group(page, "all").get_by_label("Price at least").fill("dear")
        await dialog.get_by_role("button", name="Store").click()
        await expect(group(page, "all").locator(".fault")).to_contain_text("a number")
        await group(page, "all").get_by_label("Price at least").fill("20")
        await store(dialog)
        await dialog.locator(f"[data-screener='{NAME}']").get_by_role("button", name="Show").click()
        await dialog.get_by_role("button", name="Close").click()
        board = page.locator("[data-widget=screener]", has=page.get_by_role("heading", name=NAME))
        await expect_prices(board, 20, 1e9)

        await board.get_by_role("button", name="settings").click()
        await board.get_by_role("button", name="Edit this screener").click()
        await dialog.get_by_label("Name").fill(f"{NAME} no more")
        await group(page, "none").get_by_role("button", name="+ Condition").click()
        await group(page, "none").get_by_label("Price at least").fill("20")
        await group(page, "all").get_by_label("Price at least").fill("1")
        await store(dialog)
        await dialog.get_by_role("button", name="Close").click()
        board = page.locator("[data-widget=screener]", has=page.get_by_role("heading", name="no more"))
        await expect_prices(board, 1, 20)

        dialog = await opened(page)
        row = dialog.locator(f"[data-screener='{NAME} no more']")
        await row.get_by_role("button", name=re.compile("Delete")).click()
        await row.get_by_role("button", name="Yes, delete").click()
        await expect(row).to_have_count(0)
        await dialog.get_by_role("button", name="Close").click()
        await expect(board.locator(TABLE)).to_have_count(0)
    async with Redis.from_url(installation.redis.url(1)) as redis:

        async def is_gone() -> bool:
            return not await redis.keys(feeds.SCREENER.key("user_*"))

        await eventually(is_gone, 60)


async def test_a_viewer_makes_none(installation: Installation) -> None:
    async with installation.visit(PLAIN, user="viewer") as page:
        dialog = await opened(page)
        await expect(dialog).to_contain_text("Log in as a trader")
        await expect(dialog.get_by_role("button", name="New screener")).to_have_count(0)
        assert await page.evaluate(STORE) == 403
