"""Makes the README's pictures of the dashboard: starts a demo, lets the market run, and looks at it."""

from __future__ import annotations

import asyncio
import re
import shutil
import struct
import sys
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright

from streams.errors import StreamsError, UnavailableError

FOLDER: Final = Path(__file__).parents[1] / "docs" / "images"
DEMO: Final = (
    *("--headless", "--wds-port", "0", "--scp-port", "0", "--apps", "trades,quotes,news,bars"),
    *("--symbols", "2000", "--rate", "3000", "--start", "2026-03-02T09:20", "--speed", "12"),
)
PLAYED_S: Final = 65
"""At that speed the market has been open for a few minutes then."""
START_TIMEOUT_S: Final = 300
STOP_TIMEOUT_S: Final = 30
SETTLE_S: Final = 6
MOST_BYTES: Final = 350_000
CHROMIUM: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    # Grey edges of letters look the same on every screen, and are smaller.
    *("--disable-lcd-text", "--font-render-hinting=none"),
)


@asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """Run a demo; give the address of its dashboard.

    Raises:
        UnavailableError: It does not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams", "demo", *DEMO,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, reading = process.stderr, None
    if said is None:
        raise UnavailableError("the demo cannot be listened to")
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while line := (await said.readline()).decode():
                print(line, end="", file=sys.stderr)
                if found := re.match(r"dashboard\s+(http\S+)", line):
                    break
            else:
                raise UnavailableError("the demo does not start: it says why above")
        reading = asyncio.create_task(said.read())
        yield found[1]
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        if reading is not None:
            await reading


async def take(page: Page, name: str) -> None:
    """Put a picture of the page into the folder.

    Raises:
        UnavailableError: It is too large for a README.
    """
    await asyncio.sleep(SETTLE_S)
    picture = repacked(await page.screenshot())
    if len(picture) > MOST_BYTES:
        raise UnavailableError(f"{name} has {len(picture):,} bytes, more than {MOST_BYTES:,}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(picture)
    print(f"{name}.png  {len(picture):,} bytes")


def repacked(png: bytes) -> bytes:
    """Return a PNG compressed as well as it goes: browsers compress in haste."""
    kept, pixels, at = png[:8], b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12
        if kind == b"IDAT":
            pixels += data
            continue
        if kind == b"IEND":
            kept += _chunk(b"IDAT", zlib.compress(zlib.decompress(pixels), 9))
        kept += _chunk(kind, data)
    return kept


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


async def look(browser: Browser, url: str) -> None:
    """Take all pictures."""
    page = await browser.new_page(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    await page.goto(url)
    await page.locator("[data-widget=top_gappers] tbody tr[data-symbol]").nth(1).click()
    await page.mouse.move(0, 0)
    await take(page, "scanner")
    await page.keyboard.press("Alt+2")
    await take(page, "symbol")
    await page.goto(f"{url}?view=console")
    await page.locator("[data-component]").first.wait_for()
    await asyncio.sleep(2 * SETTLE_S)
    await take(page, "console")


async def run() -> None:
    """Take all pictures of a new demo."""
    chromium: dict[str, Any] = {"executable_path": shutil.which("chromium"), "args": list(CHROMIUM)}
    async with demo() as url, async_playwright() as playwright:
        await asyncio.sleep(PLAYED_S)
        browser = await playwright.chromium.launch(**chromium)
        try:
            await look(browser, url)
        finally:
            await browser.close()


if __name__ == "__main__":
    try:
        asyncio.run(run())
    except StreamsError as error:
        raise SystemExit(f"screenshots: {error}") from None
