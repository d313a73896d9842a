"""What a trader sees: every widget has something to show, and it changes."""

from __future__ import annotations

import asyncio
import time

from playwright.async_api import ConsoleMessage, Page, expect

from .installation import SCREENER, TIMEOUT_MS, Installation, layout, widget

TABLE = "tbody tr[data-symbol]"
BODY = ".widget-body"
FILLED = {
    "top_gainers": TABLE,
    "top_gappers": TABLE,
    "top_volume": TABLE,
    "screener": TABLE,
    "range_alerts": TABLE,
    "halts": TABLE,
    "top_trades": TABLE,
    "news": ".articles li",
    "company_news": ".articles li",
    "quote": ".quote .last",
    "quote_card": ".card .last",
    "company": ".company .name",
    "chart": ".ohlc",
}
"""What a widget has that has been filled."""
LIVE = FILLED.keys() - {"company", "company_news"}
"""Those that change while nobody touches them."""
EVERYTHING = layout(
    "Everything",
    [{"type": kind, "options": {"screener": SCREENER} if kind == "screener" else {}} for kind in FILLED],
)
COLOURS = """() => Math.max(...[...document.querySelectorAll('.chart-box canvas')].map((canvas) => {
    if (canvas.width * canvas.height === 0) return 0;
    const pixels = new Uint32Array(
        canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(pixels).size;
}))"""


async def text_of(page: Page, kind: str) -> str:
    part = ".ohlc" if kind == "chart" else BODY
    return await widget(page, kind).locator(part).inner_text()


async def changed(page: Page, before: dict[str, str]) -> set[str]:
    """Return which widgets show something else, as soon as all do or time is over."""
    deadline, different = time.monotonic() + TIMEOUT_MS / 1_000, set[str]()
    while different < before.keys() and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        for kind in before.keys() - different:
            if await text_of(page, kind) != before[kind]:
                different.add(kind)
    return different


async def test_every_widget_fills_and_changes(installation: Installation) -> None:
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    async with installation.visit(EVERYTHING) as page:
        page.on("console", heard)
        await widget(page, "news").locator(".ticker").first.click()
        for kind, filled in FILLED.items():
            await expect(widget(page, kind).locator(filled).first, kind).to_be_visible()
        linked = {kind: await text_of(page, kind) for kind in ("company", "quote", "quote_card")}
        rows = widget(page, "top_volume").locator(TABLE)
        symbol = await page.locator(".app-header .symbol-input").input_value()
        await rows.filter(has_not_text=symbol).first.click()
        assert await changed(page, linked) == linked.keys()
        await expect(widget(page, "chart").locator(".ohlc")).to_be_visible()
        assert await page.evaluate(COLOURS) > 3, "nothing is drawn in the chart"
        before = {kind: await text_of(page, kind) for kind in LIVE}
        assert await changed(page, before) == LIVE
    assert complaints == []
