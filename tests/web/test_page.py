"""The built page in a real browser, on the real WDS."""

from __future__ import annotations

import asyncio
import http.server
import json
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from pydantic import SecretStr
from redis.asyncio import Redis

from streams.local.redis import RedisServer
from streams.scanner.row import Row
from streams.settings import Settings
from streams.wds.service import WidgetDataService

STATIC = Path(__file__).parents[2] / "streams" / "scp" / "static"
KEY = "a key of the test"
PATIENCE_MS = 60_000
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
BOARDS = ("top_gainers", "top_gappers", "top_volume")

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium here")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def pages() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(STATIC)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(OPTIONS)
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
        page.set_default_timeout(PATIENCE_MS)
        yield page
        await browser.close()


def row(symbol: str, close: float, at_ms: int) -> dict[str, object]:
    """Return a board's row of which nothing else is known."""
    known = {"symbol": symbol, "close": close, "end_timestamp": at_ms, "security_type": "CS"}
    return {**dict.fromkeys(Row.__struct_fields__), **known, "accumulated_volume": 1e6}


async def publish(wdc: Redis) -> None:
    """Count up in the prices of all boards, for ever."""
    for count in range(1_000_000):
        rows = [row(f"S{index}", 10 + index + count, 1_763_650_800_000 + count) for index in range(200)]
        board = json.dumps(rows)
        for name in BOARDS:
            await wdc.set(f"scanners:{name}", board)
            await wdc.publish(f"scanners:{name}", board)
        await asyncio.sleep(1)


async def check_boards(page: Page) -> None:
    """Each board fills and changes; of 200 rows only those in sight are in the document."""
    for name in BOARDS:
        prices = page.locator(f"[data-widget={name}] td.flashes")
        before = await prices.first.inner_text()
        await expect(prices.first).not_to_have_text(before)
        assert await prices.count() < 60
    await page.locator("[data-widget=top_gainers] tbody tr[data-symbol]").nth(2).click()
    await expect(page.locator("[data-widget=quote] .symbol-input")).to_have_value("S2")


async def check_layouts(page: Page) -> None:
    """What was changed is there after a reload."""
    await page.keyboard.press("Alt+L")
    await page.get_by_role("button", name="Remove News").click()
    await page.keyboard.press("Alt+2")
    await page.reload()
    await expect(page.locator(".layout-tabs [aria-current=page]")).to_have_text("Symbol")
    await page.keyboard.press("Alt+1")
    await expect(page.locator("[data-widget=top_volume] tbody tr[data-symbol]").first).to_be_visible()
    await expect(page.locator("[data-widget=news]")).to_have_count(0)


async def test_boards_fill_layouts_stay_and_an_outage_is_shown(pages: str, page: Page) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    connection, board = page.get_by_test_id("connection"), page.locator("[data-widget=top_gainers]")
    async with RedisServer() as server, Redis.from_url(server.url(1)) as wdc:
        settings = Settings(
            mdc_redis_url=server.url(0),
            wdc_redis_url=server.url(1),
            wds_host="127.0.0.1",
            wds_port=0,
            auth_api_key=SecretStr(KEY),
        )
        publishing = asyncio.create_task(publish(wdc))
        try:
            async with WidgetDataService(settings) as service:
                port = service.port
                await page.goto(f"{pages}?wds=ws://127.0.0.1:{port}/ws&key={KEY}")
                await check_boards(page)
                await check_layouts(page)
                await expect(connection).to_have_attribute("data-state", "replay")
            for shown in (connection, board):
                await expect(shown).to_have_attribute("data-state", "disconnected")
            # Grey, but never blank.
            assert await board.locator("td.flashes").count() > 0
            async with WidgetDataService(settings.model_copy(update={"wds_port": port})):
                await expect(connection).to_have_attribute("data-state", "replay")
        finally:
            publishing.cancel()
