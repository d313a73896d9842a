"""What the dashboard costs a browser: three boards of 500 rows, every row changed in each update.

Real Redis and WDS, the built page in headless Chromium without a GPU. Measured, in a second: processor time
of the page's thread, in all and without style and layout (scripting and painting: no counter of the browser's
holds all scripting); frames, and those of an empty page before and after, for a busy machine slows both; and
the heap after collection at the beginning, in the middle and at the end. Faster updates (--hz 10
--seconds 180) are half an hour of updates in three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import http.server
import random
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec.json import encode
from playwright.async_api import CDPSession, Page, async_playwright
from pydantic import SecretStr
from redis.asyncio import Redis

from streams import feeds
from streams.local.redis import RedisServer
from streams.scanner.row import Row
from streams.settings import Settings
from streams.wds.service import WidgetDataService

STATIC: Final = Path(__file__).parent.parent / "streams" / "scp" / "static"
BOARDS: Final = (feeds.TOP_GAINERS, feeds.TOP_GAPPERS, feeds.TOP_VOLUME)
KEY: Final = "benchmark"
ROWS: Final = 500
START_MS: Final = 1_795_187_100_000
WARM_UP_S: Final = 4.0
CHROMIUM: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
BUSY: Final = "TaskDuration"
NO_SCRIPT: Final = ("LayoutDuration", "RecalcStyleDuration")
BLANK_S: Final = 2.0
LAYOUT: Final = {
    "schema": 2,
    "active": "B",
    "layouts": [{
        "name": "B",
        "isLocked": True,
        "widgets": [
            {"id": kind, "type": kind, "x": 8 * index, "y": 0, "w": 8, "h": 24, "link": "blue", "options": {
                "filters": {"bounds": {}, "isCommonOnly": False, "hasNews": False, "isActive": False,
                            "keepsUnknown": True},
            }}
            for index, kind in enumerate(("top_gainers", "top_gappers", "top_volume"))
        ],
    }],
}  # fmt: skip
FRAMES: Final = """(seconds) => new Promise((resolve) => {
    let frames = 0;
    const begun = performance.now();
    requestAnimationFrame(function count(now) {
        frames += 1;
        const passed = (now - begun) / 1000;
        if (passed < seconds) requestAnimationFrame(count);
        else resolve(frames / passed);
    });
})"""


def board(chance: random.Random, number: int) -> list[Row]:
    """Return a board in which every row differs from the update before."""
    names = [f"S{index:03d}" for index in range(ROWS)]
    chance.shuffle(names)
    end_ms = START_MS + number * 1_000
    rows = []
    for name in names:
        close = round(chance.uniform(1, 300), 2)
        volume = float(chance.randrange(10**4, 10**8))
        change = round(chance.uniform(-20, 80), 4)
        rows.append(Row(
            name, 100.0, 2e7, volume, chance.random() * 5, close, close, close, close, close, close, close,
            100.0, 1e7, close, close, close, close, 1e6, close, change, change, change, change,
            end_ms - 1_000, end_ms, "CS", "XNAS", None,
        ))  # fmt: skip
    return rows


async def publish(redis: Redis, hz: float) -> None:
    """Publish all boards again and again, for ever."""
    chance = random.Random(1)
    loop = asyncio.get_running_loop()
    due = loop.time()
    for number in range(10**9):
        pipeline = redis.pipeline(transaction=False)
        for feed in BOARDS:
            value = encode(board(chance, number))
            pipeline.set(feed.key(), value)
            pipeline.publish(feed.key(), value)
        await pipeline.execute()
        due += 1 / hz
        await asyncio.sleep(max(0.0, due - loop.time()))


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def page_server() -> Iterator[str]:
    """Serve the built page; return its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(STATIC)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    """Start Chromium; return a page with the layout of the benchmark."""
    async with async_playwright() as playwright:
        program = shutil.which("chromium") or None
        browser = await playwright.chromium.launch(executable_path=program, args=list(CHROMIUM))
        try:
            page = await browser.new_page(viewport={"width": 1920, "height": 1080})
            kept = encode(encode(LAYOUT).decode()).decode()
            await page.add_init_script(f"localStorage.setItem('streams.layouts', {kept})")
            yield page
        finally:
            await browser.close()


async def reading(session: CDPSession) -> dict[str, float]:
    """Return the browser's metrics by name."""
    told: dict[str, Any] = await session.send("Performance.getMetrics")
    return {metric["name"]: metric["value"] for metric in told["metrics"]}


async def heap_mb(session: CDPSession) -> float:
    """Return what the page holds after a collection, in MB."""
    await session.send("HeapProfiler.collectGarbage")
    return round((await reading(session))["JSHeapUsedSize"] / 1e6, 2)


async def frames_per_s(page: Page, seconds: float) -> float:
    """Return how many frames a page draws a second."""
    frames: float = await page.evaluate(FRAMES, seconds)
    return frames


async def measure(page: Page, seconds: float) -> dict[str, float]:
    """Return the figures of a page that is being updated."""
    await page.wait_for_function("document.querySelectorAll('.widget tbody tr[data-symbol]').length > 60")
    await asyncio.sleep(WARM_UP_S)
    session = await page.context.new_cdp_session(page)
    # Processor time of the page's thread: what else runs on this machine does not count.
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    heap = await heap_mb(session)
    before = await reading(session)
    frames = await frames_per_s(page, seconds / 2)
    middle = await heap_mb(session)
    frames = (frames + await frames_per_s(page, seconds / 2)) / 2
    after = await reading(session)
    spent = {name: (after[name] - before[name]) / seconds * 1000 for name in (BUSY, *NO_SCRIPT)}
    return {
        "thread_ms_per_s": round(spent[BUSY], 1),
        "script_and_paint_ms_per_s": round(spent[BUSY] - sum(spent[name] for name in NO_SCRIPT), 1),
        "frames_per_s": round(frames, 1),
        "heap_begin_mb": heap,
        "heap_middle_mb": middle,
        "heap_end_mb": await heap_mb(session),
        "rows_in_document": await page.evaluate("document.querySelectorAll('tbody tr[data-symbol]').length"),
    }


async def run(seconds: float, hz: float) -> dict[str, float]:
    """Run everything and return the figures."""
    async with RedisServer() as server, Redis.from_url(server.url(1)) as redis:
        settings = Settings(
            mdc_redis_url=server.url(0),
            wdc_redis_url=server.url(1),
            wds_host="127.0.0.1",
            wds_port=0,
            auth_api_key=SecretStr(KEY),
        )
        publishing = asyncio.create_task(publish(redis, hz))
        try:
            async with WidgetDataService(settings) as service:
                with page_server() as address:
                    async with browser_page() as page:
                        blank = await frames_per_s(page, BLANK_S)
                        await page.goto(f"{address}?wds=ws://127.0.0.1:{service.port}/ws&key={KEY}")
                        figures = await measure(page, seconds)
                        await page.goto("about:blank")
                        blank = (blank + await frames_per_s(page, BLANK_S)) / 2
        finally:
            publishing.cancel()
    return {
        "updates": round(seconds * hz),
        "minutes_at_1_hz": round(seconds * hz / 60, 1),
        **figures,
        "frames_per_s_empty_page": round(blank, 1),
        "frames_part": round(figures["frames_per_s"] / blank, 3),
    }


def main(arguments: list[str]) -> dict[str, float]:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="bench dashboard", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long is measured (%(default)s)")
    parser.add_argument("--hz", type=float, default=1.0, help="updates of each board a second (%(default)s)")
    options = parser.parse_args(arguments)
    return asyncio.run(run(options.seconds, options.hz))
