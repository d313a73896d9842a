"""Symbols that a user watches: added from a row or pasted, live, and still there later and elsewhere."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from .installation import Installation, layout, widget
from .test_page_layouts import is_stored
from .test_page_widgets import TABLE

DESK = layout("Desk", [{"type": "top_volume"}, {"type": "watch_list"}])
PRICE = re.compile(r"^\d+\.\d{2,4}$")


async def expect_prices(page: Page, *symbols: str) -> None:
    """Wait until the watch list has these symbols in this order, each with a price."""
    rows = widget(page, "watch_list").locator(TABLE)
    await expect(rows.locator("th b")).to_have_text(list(symbols))
    for symbol in symbols:
        row = widget(page, "watch_list").locator(f"tr[data-symbol='{symbol}']")
        await expect(row.locator("td").first).to_have_text(PRICE)


async def test_a_watch_list_is_filled_from_rows_and_by_pasting_and_survives(
    installation: Installation,
) -> None:
    async with installation.visit(DESK, user="ben") as page:
        board = widget(page, "top_volume").locator(TABLE)
        first, second = [str(await board.nth(at).get_attribute("data-symbol")) for at in (0, 1)]
        await board.filter(has=page.locator(f"b:text-is('{first}')")).click(button="right")
        await page.get_by_role("menuitemcheckbox", name="Add to Watch list").click()
        async with page.expect_response(lambda answer: is_stored(answer.request, second)):
            await page.get_by_label("Symbols to add").fill(f"NASDAQ:{second.lower()}, {first} ???")
            await page.keyboard.press("Enter")
        await expect(page.get_by_label("Symbols to add")).to_have_value("???")
        await expect_prices(page, first, second)
        await widget(page, "watch_list").locator(TABLE).nth(1).click()
        await page.keyboard.press("Alt+ArrowUp")
        await page.reload()
        await expect_prices(page, second, first)
        prices = widget(page, "watch_list").locator(f"{TABLE} td:first-of-type")
        await expect(prices).not_to_have_text(await prices.all_inner_texts())
    async with installation.visit(DESK, user="ben") as page:
        await expect_prices(page, second, first)
