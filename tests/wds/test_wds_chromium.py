"""The service and a browser that nobody here wrote: Chromium, without a window."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright
from redis.asyncio import Redis

from streams.settings import Settings
from streams.wds.service import WidgetDataService

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LARGE = json.dumps([{"symbol": f"Ä{number}", "close": number / 7} for number in range(5_000)])
TALK = """
([url, key]) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url), seen = [];
  socket.onerror = () => reject(new Error("no connection"));
  socket.onclose = event => resolve({seen, code: event.code, reason: event.reason});
  socket.onopen = () => {
    window.extensions = socket.extensions;
    for (const request of [
      {action: "auth", api_key: key},
      {action: "get", cache: "scanners:top_volume"},
      {action: "subscribe", feed: "scanners:top_volume"},
    ]) socket.send(JSON.stringify(request));
  };
  socket.onmessage = event => {
    seen.push(event.data);
    window.seen = seen.length;
  };
})
"""
TIMEOUT_MS = 60_000

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS, headless=True)
        try:
            yield await browser.new_page()
        finally:
            await browser.close()


async def test_a_browser_gets_a_value_its_updates_and_the_reason_of_the_end(
    page: Page, settings: Settings, wdc: Redis
) -> None:
    await wdc.set("scanners:top_volume", LARGE)
    assert settings.auth_api_key is not None
    async with WidgetDataService(settings) as service:
        await page.goto(f"http://127.0.0.1:{service.port}/")
        arguments = [f"ws://127.0.0.1:{service.port}/ws", settings.auth_api_key.get_secret_value()]
        talk = asyncio.create_task(page.evaluate(TALK, arguments))
        await page.wait_for_function("window.seen === 3", timeout=TIMEOUT_MS)
        assert "permessage-deflate" in await page.evaluate("window.extensions")
        for _ in range(2):
            await wdc.publish("scanners:top_volume", LARGE)
        await page.wait_for_function("window.seen === 5", timeout=TIMEOUT_MS)
    ended = await talk
    seen = ended["seen"]
    assert [json.loads(text) for text in seen[:3]] == [
        {"status": "authorized"},
        {"cache": "scanners:top_volume", "data": json.loads(LARGE)},
        {"status": "subscribed", "feed": "scanners:top_volume"},
    ]
    assert seen[3:] == [LARGE] * 2
    assert (ended["code"], ended["reason"]) == (1012, "service restart")
