"""One browser and one installation for all tests of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from benchmarks.dashboard import CHROMIUM as ARGUMENTS

from .installation import CHROMIUM, Installation, installed

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one process run all tests of the page: a second one would start another platform."""
    for item in items:
        if {"browser", "installation"} & set(getattr(item, "fixturenames", ())) and HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("page"))


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
