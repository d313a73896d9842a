"""What an operator sees of Kafka, Redis, the feeds, reference data and the calendar."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Page, expect

from .installation import TIMEOUT_MS, Installation


async def test_an_operator_looks_into_a_topic(installation: Installation) -> None:
    async with installation.visit(user="operator", path="?view=console") as page:
        inspector = page.get_by_test_id("topic-inspector")
        await inspector.get_by_label("Topic").select_option("aggregates")
        await inspector.get_by_label("Start").select_option("a time")
        await inspector.get_by_role("button", name="Look").click()
        await expect(inspector.get_by_role("alert")).to_have_text("Write the time from which to read.")
        await inspector.get_by_label("Start").select_option("the newest")
        await inspector.get_by_label("Most").fill("2")
        await inspector.get_by_role("button", name="Look").click()
        rows = inspector.locator("tbody tr")
        await expect(rows).to_have_count(2)
        place = await rows.last.get_by_role("button").get_attribute("aria-label") or ""
        newest = inspector.get_by_role("button", name=place, exact=True)
        await inspector.get_by_role("button", name="Earlier").click()
        await expect(newest).to_have_count(0)
        await inspector.get_by_role("button", name="Later").click()
        await expect(newest).to_be_visible()
        await rows.first.get_by_role("button").click()
        # The vendor's numbers stay, with the market's time beside them: a replay of March.
        await expect(inspector.locator("pre")).to_contain_text(
            re.compile(r'"e": 17\d{11},?\s+2026-03-02 1\d:\d\d:\d\d\.\d{3} ET')
        )


async def test_the_console_tells_how_late_groups_are_what_redis_and_feeds_hold_and_who_is_connected(
    installation: Installation,
) -> None:
    async with installation.visit(user="operator", path="?view=console") as page:
        group = page.locator(".group", has_text="scanner").first
        # Seconds of a healthy worker's: not those between its commits.
        await expect(group).to_contain_text("scanner 0.")
        latency = page.get_by_role("img", name="Latency since receipt, ms")
        await expect(latency).to_contain_text(re.compile(r"in Redis, p99:?\s*\d"))
        worker = page.get_by_role("button", name="scanner worker 1")
        await worker.click()
        figures = page.locator(".details")
        for said in ("Generation", "Since the exchange", "of a core", "aggregates"):
            await expect(figures).to_contain_text(said)
        await worker.click()
        await expect(figures).to_have_count(0)
        await expect(page.locator("[data-redis=WDC]")).to_contain_text("ok")
        await expect(page.get_by_test_id("alarms")).to_be_visible()
        inspector = page.get_by_test_id("inspector")
        await inspector.get_by_label("Feed").fill("quote:{}")
        await inspector.get_by_role("button", name="Look").click()
        await expect(inspector.get_by_role("alert")).to_contain_text("symbol")
        await inspector.get_by_label("Feed").fill("scanners:top_volume")
        await inspector.get_by_role("button", name="Look").click()
        await expect(inspector.locator("pre")).to_contain_text('"rank": 1')
        await expect(inspector).to_contain_text("newest message")
        # The WDS passes it on now, to this page: it is among those whose ages are told.
        await expect(inspector.get_by_role("button", name="scanners:top_volume")).to_be_visible()
        # That of the day which is replayed, though it is long ago.
        reference = page.get_by_test_id("reference")
        await expect(reference.get_by_test_id("reference-state")).to_have_text("complete")
        await expect(reference).to_contain_text("due: Mon, Mar 2")
        await expect(reference.locator("[data-field=prev_day_close]")).to_contain_text("%")
        await expect(reference.get_by_role("list", name="ahead").locator("li").first).to_contain_text(
            re.compile("closed|half-day")
        )
        await disconnect_own(page)


async def disconnect_own(page: Page) -> None:
    """Disconnect the very page that shows the clients: it comes back by itself."""
    panel = page.get_by_test_id("clients")
    clients = panel.locator("[data-client]")
    await panel.get_by_label("Name or address").fill("operator")
    find = panel.get_by_role("button", name="Find")
    await find.click()
    await expect(clients).to_have_count(1)
    own = await clients.get_attribute("data-client")
    await clients.get_by_role("button", name="subscriptions of operator").click()
    await expect(clients).to_contain_text("scanners:top_volume")
    await clients.get_by_role("button", name="Disconnect").click()
    await expect(panel.locator("form.confirm")).to_contain_text("connects again by itself")
    await panel.get_by_role("button", name="Yes, disconnect").click()
    await expect(panel.get_by_role("status")).to_have_text("operator from 127.0.0.1 was disconnected.")
    await expect(panel.locator(f"[data-client='{own}']")).to_have_count(0)
    async with asyncio.timeout(TIMEOUT_MS / 1_000):
        while await clients.count() == 0:
            await find.click()
            await asyncio.sleep(0.2)
