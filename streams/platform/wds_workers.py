"""The WDS as several processes on one port: each serves the clients that the system gives it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from streams.local.process import free_port
from streams.platform.components import Component, wds_worker
from streams.platform.keeper import Keeper, together
from streams.platform.probe import Probe
from streams.settings import Settings
from streams.wds import listening
from streams.wds.auth import Gate

STOP_TIMEOUT_S: Final = 10.0
"""What a process may take to stop beyond the time in which it sends its clients away, in seconds."""

logger: Final = logging.getLogger(__name__)


async def run(settings: Settings, stop: asyncio.Event, started: Callable[[int], None] | None = None) -> None:
    """Serve with ``wds_workers`` processes until ``stop`` is set; one that dies is started again.

    Each has its own connections to Redis, its own limits of clients, and a port of its own, where its
    /health and /metrics are: on the port that all share, any of them may answer.

    Args:
        settings: Of all of them.
        stop: Ends them, all at the same time, each in order.
        started: Called with the shared port once clients can connect to every one.

    Raises:
        StreamsError: They cannot start.
    """
    Gate(settings)  # Keys that are missing are told once, here, and not by each process.
    with listening.reserve(settings) as reserved:
        port = reserved.getsockname()[1]
        keeper = Keeper({}, logger.warning, stop_timeout_s=settings.wds_drain_s + STOP_TIMEOUT_S)
        places = own_ports(settings)
        workers = [wds_worker(settings, port, *each, dict(places).values()) for each in places]
        try:
            await _start(keeper, workers)
            logger.info("%d processes share port %d", len(workers), port)
            if started is not None:
                started(port)
            await stop.wait()
        finally:
            await keeper.stop()


def own_ports(settings: Settings) -> list[tuple[int, int]]:
    """Return the numbers of the processes, from 1, with the ports on which each answers alone."""
    first, numbers = settings.wds_own_port, range(1, settings.wds_workers + 1)
    return [(number, first + number - 1 if first else free_port()) for number in numbers]


async def _start(keeper: Keeper, workers: list[Component]) -> None:
    for worker in workers:
        await keeper.start(worker)
    async with Probe() as probe:
        await together(*(keeper.until_ready(worker, probe) for worker in workers))
