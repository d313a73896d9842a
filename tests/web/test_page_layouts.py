"""What a user arranges is still there after a reload, and on another machine after a login."""

from __future__ import annotations

import asyncio
import json

from playwright.async_api import Page, Request, expect

from .installation import Installation, layout, widget

PLAIN = layout("Plain", [{"type": "news"}, {"type": "quote"}])
UNSENT = "localStorage.getItem('streams.layouts.unsent')"


def tab(name: str) -> str:
    """Return what finds the tab of the layout that is shown."""
    return f".layout-tabs button[aria-current=page]:text-is({json.dumps(name)})"


async def rename(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Layouts", exact=True).click()
    dialog = page.get_by_role("dialog", name="Layouts")
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("button", name="Rename").click()
    await dialog.get_by_role("button", name="Close").click()


async def box_of(page: Page, kind: str) -> tuple[int, ...]:
    box = await widget(page, kind).bounding_box()
    assert box is not None
    return tuple(round(box[side]) for side in ("x", "y", "width", "height"))


def is_stored(request: Request, name: str) -> bool:
    return request.method == "PUT" and "/api/store/" in request.url and name in (request.post_data or "")


async def test_layouts_survive_a_reload(installation: Installation) -> None:
    async with installation.visit(PLAIN) as page:
        await page.keyboard.press("Alt+l")
        await page.get_by_role("button", name="+ Widget").click()
        await page.get_by_role("dialog").get_by_role("button", name="Halts").click()
        before = await box_of(page, "quote")
        handle = widget(page, "quote").locator("h2")
        await handle.hover()
        await page.mouse.down()
        for step in range(1, 9):
            await page.mouse.move(before[0] + 40 + step * 75, before[1] + 10)
        await page.mouse.up()
        await rename(page, "Night desk")
        await expect(page.locator(tab("Night desk"))).to_be_visible()
        moved = await box_of(page, "quote")
        assert moved[0] > before[0] + 100
        await page.reload()
        await expect(page.locator(tab("Night desk"))).to_be_visible()
        await expect(widget(page, "halts")).to_be_visible()
        assert await box_of(page, "quote") == moved
        await expect(page.get_by_role("button", name="+ Widget")).to_be_visible()


async def test_layouts_of_a_user_are_on_the_server(installation: Installation) -> None:
    async with installation.visit(PLAIN, user="admin") as page:
        async with page.expect_response(lambda answer: is_stored(answer.request, "admin's desk")) as stored:
            await rename(page, "admin's desk")
        assert (await stored.value).ok
        # What is not on the server yet when the page is left is not lost, either.
        await rename(page, "admin's second desk")
        await page.reload()
        await expect(page.locator(tab("admin's second desk"))).to_be_visible()
        await expect(page.get_by_role("button", name="admin · log out")).to_be_visible()
        while await page.evaluate(UNSENT) is not None:  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.1)
    async with installation.visit(user="admin") as page:
        await expect(page.locator(tab("admin's second desk"))).to_be_visible()
        await expect(widget(page, "news")).to_be_visible()
    async with installation.visit(user="operator") as page:
        await expect(page.get_by_role("button", name="operator · log out")).to_be_visible()
        await expect(page.locator(".layout-tabs button").first).to_be_visible()
        await expect(page.get_by_text("admin's second desk")).to_have_count(0)
