"""Runs a listener or the WDS as a process: ``python component.py listener``, with settings as usual."""

from __future__ import annotations

import asyncio
import signal
import sys

from streams import settings
from streams.listeners import finlight_service
from streams.listeners import service as listener
from streams.settings import Settings
from streams.telemetry import configure_logging
from streams.wds import service as wds

RUN = {"listener": listener.run, "finlight": finlight_service.run, "wds": wds.run}


async def _main(name: str, loaded: Settings) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await RUN[name](loaded, stop)


given = settings.load()
configure_logging("INFO", given.log_format)
asyncio.run(_main(sys.argv[1], given))
