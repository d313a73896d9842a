"""The page on tablets, in windows of single widgets, in full screen, and by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from .installation import Installation, layout, until, widget

ROW = "tbody tr[data-symbol]"
DESK = layout(
    "Desk",
    [{"type": "top_volume", "w": 8, "h": 12}, {"type": "quote", "x": 8}, {"type": "news", "x": 14, "w": 10}],
)
OTHER = layout("Other", [{"type": "top_volume", "link": None}])
OUTSIDE = """() => [...document.querySelectorAll('.app-header :is(button, a), .widget')].filter((each) => {
    const { left, right } = each.getBoundingClientRect();
    return left < 0 || right > innerWidth;
}).map((each) => each.outerHTML.slice(0, 90))"""
OVERLAPPING = """() => {
    const boxes = [...document.querySelectorAll('.widget')].map((each) => each.getBoundingClientRect());
    const apart = (one, other) => one.right <= other.left || other.right <= one.left
        || one.bottom <= other.top || other.bottom <= one.top;
    return boxes.some((one, at) => boxes.slice(at + 1).some((other) => !apart(one, other)));
}"""


async def symbol_of(page: Page) -> str:
    return await page.locator(".app-header .symbol-input").input_value()


@pytest.mark.parametrize(("width", "height"), [(820, 1180), (1180, 820)])
async def test_a_tablet_shows_all_of_the_page_and_is_used_with_fingers(
    installation: Installation, width: int, height: int
) -> None:
    viewport = {"width": width, "height": height}
    async with installation.visit(DESK, viewport=viewport, has_touch=True, is_mobile=True) as page:
        row = widget(page, "top_volume").locator(ROW).first
        await expect(row).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        assert await page.evaluate(OUTSIDE) == []
        assert not await page.evaluate(OVERLAPPING)
        box = await row.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        symbol = await row.get_attribute("data-symbol")
        await row.locator("th").tap()
        await expect(page.locator(".app-header .symbol-input")).to_have_value(str(symbol))
        await expect(widget(page, "quote").locator(".last")).to_be_visible()


async def test_a_turned_tablet_leaves_the_layout_as_it_was(installation: Installation) -> None:
    async with installation.visit(DESK) as page:
        before = await widget(page, "news").bounding_box()
        await page.set_viewport_size({"width": 820, "height": 1180})
        await until(page, "document.querySelector('[data-widget=news]').getBoundingClientRect().y > 100")
        await page.set_viewport_size({"width": 1600, "height": 1000})
        await until(page, "document.querySelector('[data-widget=news]').getBoundingClientRect().y < 100")
        assert await widget(page, "news").bounding_box() == before


async def test_a_widget_in_its_own_window_is_linked_with_the_others(installation: Installation) -> None:
    async with installation.visit(OTHER, DESK) as page:
        await page.keyboard.press("Alt+2")
        board = widget(page, "top_volume")
        await board.get_by_role("button", name="settings").click()
        async with page.expect_popup() as opened:
            await board.get_by_role("link", name="Own window").click()
        own = await opened.value
        await expect(own).to_have_title("Top Volume")
        await expect(own.locator(".app-header")).to_have_count(0)
        row = own.locator(ROW).nth(2)
        await expect(row).to_be_visible()
        assert await own.evaluate("document.documentElement.scrollWidth === innerWidth")
        symbol = await row.get_attribute("data-symbol")
        await row.locator("th").click()
        await expect(page.locator(".app-header .symbol-input")).to_have_value(str(symbol))


async def test_the_page_is_used_by_keyboard_alone(installation: Installation) -> None:
    async with installation.visit(DESK, OTHER) as page:
        field = page.locator(".app-header .symbol-input")
        table = widget(page, "top_volume").locator(".table")
        await expect(table.locator(ROW).first).to_be_visible()
        await page.keyboard.type("ab")
        await expect(field).to_have_value(re.compile("^ab$", re.IGNORECASE))
        await page.keyboard.press("Escape")
        await field.blur()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Help")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("/")
        await expect(field).to_be_focused()
        await page.keyboard.press("Alt+m")
        await expect(page.get_by_role("button", name="Muted")).to_be_visible()
        await table.focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        chosen = await table.locator("tr.cursor").get_attribute("data-symbol")
        await expect(widget(page, "top_volume")).to_contain_text("order held")
        await page.keyboard.press("Enter")
        await expect(field).to_have_value(str(chosen))
        await page.keyboard.press("Alt+2")
        await expect(page.locator(".layout-tabs [aria-current=page]")).to_have_text("Other")


async def test_the_page_and_a_widget_fill_the_screen(installation: Installation) -> None:
    async with installation.visit(DESK) as page:
        await expect(widget(page, "top_volume").locator(ROW).first).to_be_visible()
        await page.keyboard.press("Alt+f")
        await until(page, "document.fullscreenElement === document.documentElement")
        await page.keyboard.press("Alt+f")
        await until(page, "document.fullscreenElement === null")
        await widget(page, "top_volume").get_by_role("button", name="settings").click()
        await page.get_by_role("button", name="Full screen", exact=True).last.click()
        await until(page, "document.fullscreenElement?.dataset.widget === 'top_volume'")
