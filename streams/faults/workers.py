"""Faults of the workers: they come and go, are replaced, and their disk is full."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from typing import Final

import psutil

from streams.errors import UnavailableError
from streams.faults.installation import Installation
from streams.local.process import free_port
from streams.platform.components import SCANNER, Component, worker

JOINING: Final = 3
JOIN_TIMEOUT_S: Final = 40.0
STAY_S: Final = 1.0
FULL_S: Final = 4.0


async def join_and_leave(installation: Installation) -> float:
    """Have three further scanner workers join and leave, one every few seconds, two of them at a time.

    Raises:
        UnavailableError: One does not get its partitions.
    """
    keeper, probe = installation.stage.keeper, installation.stage.probe
    joining = [worker(SCANNER, 10 + number, free_port()) for number in range(JOINING)]
    try:
        for number, component in enumerate(joining):
            await keeper.start(component)
            await keeper.until_ready(component, probe, JOIN_TIMEOUT_S)
            await asyncio.sleep(STAY_S)
            if number:
                await keeper.stop(joining[number - 1].name)
    finally:
        await keeper.stop(*(component.name for component in joining))
    return time.monotonic()


async def roll(installation: Installation) -> float:
    """Stop each worker and the WDS in order and start it again, as an upgrade does; the apps side by side."""
    stage = installation.stage

    async def renew(component: Component) -> None:
        await stage.keeper.stop(component.name)
        await stage.keeper.start(component)
        await stage.keeper.until_ready(component, stage.probe)

    await asyncio.gather(*(renew(component) for component in (*stage.workers, stage.wds)))
    return time.monotonic()


async def fill_disk(installation: Installation) -> float:
    """Let no file of a scanner worker grow for some seconds.

    A limit on the size of its files stands for a full disk, as it needs no root: every write of RocksDB
    and of the log fails (EFBIG where a disk would say ENOSPC).
    """
    pid = installation.stage.keeper.pids.get(installation.stage.workers[0].name)
    if pid is None:
        raise UnavailableError("the scanner worker does not run, so its disk cannot be full")
    with contextlib.suppress(psutil.NoSuchProcess):  # It may end of it, and what comes then has room.
        process = psutil.Process(pid)
        _, hard = process.rlimit(resource.RLIMIT_FSIZE)
        process.rlimit(resource.RLIMIT_FSIZE, (0, hard))
        await asyncio.sleep(FULL_S)
        process.rlimit(resource.RLIMIT_FSIZE, (hard, hard))
    return time.monotonic()
