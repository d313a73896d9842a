"""One browser and one installation for all tests of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from benchmarks.dashboard import CHROMIUM as ARGUMENTS

from .installation import CHROMIUM, Installation, installed


@pytest_asyncio.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium: nothing is downloaded."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="package")
async def installation(
    browser: Browser, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """The whole platform, its market open."""
    async with installed(kafka_bootstrap, tmp_path_factory.mktemp("page"), browser) as running:
        yield running
