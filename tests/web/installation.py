"""The whole platform with a simulated market, and browsers that look at it."""

from __future__ import annotations

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from pydantic import SecretStr

from streams.demo.options import DemoOptions
from streams.demo.stage import Stage
from streams.local.redis import RedisServer
from streams.platform.components import OTHER_APPS
from streams.scp.accounts import Accounts
from streams.scp.database import Database
from streams.scp.passwords import Passwords
from streams.scp.roles import Role
from streams.settings import Settings
from streams.sim.options import SimOptions

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WEB = Path(__file__).parents[2] / "web"
PASSWORD = "correct horse battery"
TIMEOUT_MS = 60_000
"""Far more than anything takes on a machine that does nothing else."""
START = datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001  New York time
TRADERS = ("ann", "ben")
"""Further accounts, each for one test: what a user arranged in another is on the server."""
SPEED = 5
"""So that minutes pass, and symbols are halted, while a test looks."""
SCREENER = "many"
LAYOUTS = "streams.layouts"

expect.set_options(timeout=TIMEOUT_MS)


def layout(name: str, widgets: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a layout of widgets as the page stores it: each at least a type, in boxes of 6 by 6."""
    places = [
        {"id": f"{each['type']}-{at}", "x": at % 4 * 6, "y": at // 4 * 6, "w": 6, "h": 6, "link": "blue"}
        | {"options": {}}
        | each
        for at, each in enumerate(widgets)
    ]
    return {"name": name, "isLocked": True, "widgets": places}


def widget(page: Page, kind: str) -> Locator:
    """Return the first widget of a kind."""
    return page.locator(f"[data-widget={kind}]").first


async def until(page: Page, script: str) -> None:
    """Wait until a script is true: Playwright's own wait evaluates text, which the page's policy forbids."""
    async with asyncio.timeout(TIMEOUT_MS / 1_000):
        while not await page.evaluate(script):  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.05)


class Installation:
    """What runs, and who may log in: accounts named after the roles, with the same password.

    Attributes:
        stage: The processes.
        redis: The Redis server of this installation alone.
        settings: What the processes are set to.
        url: The dashboard's address.
    """

    def __init__(self, stage: Stage, redis: RedisServer, settings: Settings, browser: Browser) -> None:
        self.stage = stage
        self.redis = redis
        self.settings = settings
        assert stage.scp is not None
        self.url = stage.scp.health_url.removesuffix("health")
        self._browser = browser

    @asynccontextmanager
    async def visit(
        self,
        *layouts: dict[str, Any],
        user: str | None = None,
        path: str = "",
        **screen: Any,  # noqa: ANN401  the browser's own options
    ) -> AsyncIterator[Page]:
        """Open the page in a new browser that keeps the layouts given; log in where a user is named.

        A desk's screen, unless Playwright's options say otherwise. Layouts that another test has stored for
        the user would take the place of those given: they are removed.
        """
        saved = {"schema": 2, "active": layouts[0]["name"], "layouts": layouts} if layouts else None
        context = await self._browser.new_context(
            **{"viewport": {"width": 1600, "height": 1000}} | screen,
            base_url=self.url,
            storage_state=None if saved is None else self._kept(saved),
        )
        context.set_default_timeout(TIMEOUT_MS)
        if user is not None and layouts:
            await self._forget_layouts(user)
        crashes: list[str] = []
        try:
            page = await self._open(context, path, user, crashes)
            yield page
        finally:
            await context.close()
        assert crashes == []

    async def _forget_layouts(self, user: str) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT_MS / 1_000) as client:
            await client.post("api/login", json={"username": user, "password": PASSWORD})
            headers = {"X-CSRF-Token": (await client.get("api/session")).json()["csrf"]}
            answer = await client.delete("api/store/layouts/dashboard", headers=headers)
            assert answer.is_success or answer.status_code == HTTPStatus.NOT_FOUND

    async def _open(self, context: BrowserContext, path: str, user: str | None, crashes: list[str]) -> Page:
        page = await context.new_page()
        page.on("pageerror", lambda error: crashes.append(str(error)))
        await page.goto("./")
        if user is not None:
            await page.get_by_role("button", name="Log in").click()
            await log_in(page, user)
            await expect(page.get_by_role("button", name=f"{user} · log out")).to_be_visible()
        if path:
            await page.goto(path)
        return page

    def _kept(self, saved: dict[str, Any]) -> Any:  # noqa: ANN401  the browser's own form
        entries = [{"name": LAYOUTS, "value": json.dumps(saved)}]
        return {"cookies": [], "origins": [{"origin": self.url.rstrip("/"), "localStorage": entries}]}


async def log_in(page: Page, user: str, password: str = PASSWORD) -> None:
    """Fill in the login that the page shows, and send it."""
    await page.get_by_label("Name").fill(user)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in", exact=True).click()


@asynccontextmanager
async def installed(bootstrap: str, folder: Path, browser: Browser) -> AsyncIterator[Installation]:
    """Run everything on topics, a Redis and a database of its own; visitors are viewers."""
    screeners = folder / "screeners.toml"
    screeners.write_text(f'[{SCREENER}]\nsort = "volume"\nprice = {{ min = 0 }}\n')
    async with RedisServer() as redis:
        settings = Settings(
            kafka_bootstrap=bootstrap,
            kafka_topic_prefix=f"w{uuid.uuid4().hex[:8]}.",
            kafka_partitions=2,
            mdc_redis_url=SecretStr(redis.url(0)),
            wdc_redis_url=SecretStr(redis.url(1)),
            data_dir=folder,
        )
        await _create_accounts(settings)
        market = SimOptions(symbols=300, rate=1_500, speed=SPEED, start=START)
        options = DemoOptions(market=market, apps=OTHER_APPS, wds_port=0, scp_port=0, screeners=screeners)
        environment = {
            "KAFKA_TOPIC_PREFIX": settings.kafka_topic_prefix,
            "KAFKA_PARTITIONS": str(settings.kafka_partitions),
            "DATA_DIR": str(folder),
            "SCP_ANONYMOUS_ROLE": Role.VIEWER.title,
        }
        stage = Stage(options, settings, print, environment=environment)
        try:
            await stage.start()
            await stage.open_market()
            yield Installation(stage, redis, settings, browser)
        finally:
            await stage.stop()


async def _create_accounts(settings: Settings) -> None:
    database = Database(settings)
    try:
        await database.upgrade()
        hashed = await Passwords().hash(PASSWORD)
        for role in Role:
            await Accounts(database).create(role.title, hashed, role)
        for name in TRADERS:
            await Accounts(database).create(name, hashed, Role.TRADER)
    finally:
        await database.close()
