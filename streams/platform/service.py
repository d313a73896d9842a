"""The whole platform against given servers: listeners, workers of all apps, WDS, reference data."""

from __future__ import annotations

import asyncio
import datetime
import logging
import secrets
import time
from typing import Final

from streams.backoff import Backoff
from streams.errors import SettingsError, UnavailableError
from streams.platform.components import (
    OTHER_APPS,
    SCANNER,
    SELF,
    Component,
    listener,
    news_listener,
    scp,
    wds,
    worker,
)
from streams.platform.keeper import Keeper, together
from streams.platform.probe import Probe
from streams.reference.schedule import next_load_ms
from streams.scanner.screener_file import read_screeners
from streams.sessions import NEW_YORK, MarketCalendar
from streams.settings import Settings
from streams.topic_admin import create_topics

logger = logging.getLogger(__name__)

WORKER_PORT_STEP: Final = 10
"""Web ports of the workers: the setting, and each further one this much higher."""
LOAD_TIMEOUT_S: Final = 1_800.0
"""A plan of few calls a minute makes a first load take ten minutes; what a load has got outlives it."""
LONGEST_SLEEP_S: Final = 60.0
FIRST_RETRY_S: Final = 5.0
LONGEST_RETRY_S: Final = 300.0
READY_TIMEOUT_S: Final = 60.0


async def run(settings: Settings, stop: asyncio.Event, *, workers: int) -> None:
    """Keep the platform running until ``stop`` is set.

    Args:
        settings: The servers and the vendor's key.
        stop: Ends it, in order.
        workers: How many scanner workers.

    Raises:
        StreamsError: Kafka does not answer, or a setting is missing or wrong: nothing has been started then.
    """
    # It logs each failed try; what waits for Kafka here says so once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    settings.vendor_key()
    if settings.screeners_file is not None:
        read_screeners(settings.screeners_file)
    if settings.auth_enabled and settings.auth_api_key is None:
        raise SettingsError("set AUTH_API_KEY to the key of the WDS's clients (or AUTH_ENABLED=false)")
    await create_topics(settings)
    keeper = Keeper(_environment(settings), logger.warning)
    working = asyncio.create_task(_work(keeper, settings, _workers(settings, workers)))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
        # The sources first: what they have sent still goes through.
        await keeper.stop(*(each.name for each in _listeners(settings)))
        await keeper.stop()


def _environment(settings: Settings) -> dict[str, str]:
    """Return what the command line may have said in place of the environment, and what all need alike."""
    environment = {}
    if settings.screeners_file is not None:
        environment["SCREENERS_FILE"] = str(settings.screeners_file)
    if settings.wds_jwt_secret is None:
        # What the SCP signs for browsers the WDS must know; it need not outlive both.
        environment["WDS_JWT_SECRET"] = secrets.token_urlsafe(48)
    return environment


def _listeners(settings: Settings) -> list[Component]:
    if settings.finlight_api_key is None:
        logger.info("no news: set FINLIGHT_API_KEY to have some")
        return [listener(settings)]
    return [listener(settings), news_listener(settings)]


def _workers(settings: Settings, scanners: int) -> list[Component]:
    numbered = [(SCANNER, number + 1) for number in range(scanners)] + [(app, 1) for app in OTHER_APPS]
    return [
        worker(app, number, settings.worker_port + position * WORKER_PORT_STEP)
        for position, (app, number) in enumerate(numbered)
    ]


async def _work(keeper: Keeper, settings: Settings, workers: list[Component]) -> None:
    async with Probe() as probe:
        served = wds(settings)
        shown = scp(settings, (*_listeners(settings), *workers, served))
        for component in (*workers, served, shown):
            await keeper.start(component)
        await together(
            *(keeper.until_ready(each, probe, READY_TIMEOUT_S) for each in (*workers, served, shown))
        )
        logger.info("workers and WDS are up; clients connect to port %d", settings.wds_port)
        logger.info("dashboard %s/", shown.health_url.removesuffix("/health"))
        loading = asyncio.create_task(_load_for_ever(keeper, settings.reference_load_at))
        try:
            for component in _listeners(settings):
                await keeper.start(component)
            await loading
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)


async def _load_for_ever(keeper: Keeper, load_at: datetime.time) -> None:
    """Load reference data now, and before each trading day; try until it succeeds."""
    load = Component("reference load", (*SELF, "reference", "load", "--complete"), "", bool)
    backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
    calendar = MarketCalendar()
    while True:
        begun_ms = _now_ms()
        try:
            await keeper.run_once(load, LOAD_TIMEOUT_S)
        except UnavailableError as error:
            delay = backoff.next_s()
            logger.warning("%s; next try in %.0f s", error, delay)
            await asyncio.sleep(delay)
            continue
        backoff.reset()
        next_ms = next_load_ms(calendar, begun_ms, load_at)
        logger.info(
            "reference data is loaded next at %s ET",
            datetime.datetime.fromtimestamp(next_ms / 1000, NEW_YORK).strftime("%Y-%m-%d %H:%M"),
        )
        # In short sleeps: a clock that is set, or a machine that slept, must not put it off.
        while (left_s := (next_ms - _now_ms()) / 1000) > 0:  # noqa: ASYNC110  a clock makes no event
            await asyncio.sleep(min(left_s, LONGEST_SLEEP_S))


def _now_ms() -> int:
    return int(time.time() * 1000)
