"""All faults, in the order in which a run makes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from streams.errors import BadInputError
from streams.faults import clocks, poison, servers, workers
from streams.faults.fault import Fault, Make
from streams.faults.installation import Installation
from streams.platform.components import OTHER_APPS, SCANNER, Component

WORKER_S: Final = 2
"""A worker's partitions are not given away before its session has timed out."""


def _kill(component: Callable[[Installation], Component]) -> Make:
    async def make(installation: Installation) -> float:
        return installation.kill(component(installation))

    return make


def _worker_of(app: str) -> Callable[[Installation], Component]:
    return lambda each: next(worker for worker in each.stage.workers if worker.name.startswith(f"{app} "))


def _broker(installation: Installation) -> servers.Server:
    return installation.kafka


def _redis(installation: Installation) -> servers.Server:
    return installation.redis


async def _nothing(_installation: Installation) -> float:
    return time.monotonic()


CATALOGUE: Final[Sequence[Fault]] = (
    Fault("nothing", "nothing fails: what this tool itself makes of a run", _nothing),
    *(
        Fault(
            f"kill-{app}-worker",
            f"kill -9 of the {app} worker",
            _kill(_worker_of(app)),
            seconds=WORKER_S,
            is_short=app == SCANNER,
        )
        for app in (SCANNER, *OTHER_APPS)
    ),
    Fault("kill-wds", "kill -9 of the WDS", _kill(lambda each: each.stage.wds)),
    Fault("kill-redis", "kill -9 of Redis, which comes back empty", servers.kill(_redis)),
    Fault("kill-broker", "kill -9 of the broker, which comes back on its data", servers.kill(_broker), 2),
    Fault("restart-broker", "the broker stops in order and starts again", servers.restart(_broker), 2),
    Fault("restart-redis", "Redis stops in order and starts again, empty", servers.restart(_redis)),
    Fault("flush-redis", "FLUSHALL", servers.flush_redis, is_short=True),
    Fault(
        "join-leave",
        "three further scanner workers join and leave, one every few seconds",
        workers.join_and_leave,
        seconds=8,
    ),
    Fault(
        "rolling-restart",
        "each worker and the WDS stops in order and starts again",
        workers.roll,
        seconds=10,
        is_short=True,
    ),
    Fault("disk-full", "the scanner worker's files cannot grow for 4 s", workers.fill_disk, seconds=3),
    Fault("clock-ahead", "our processes' clocks are an hour ahead for 4 s", clocks.jump(clocks.HOUR_S), 3),
    Fault("clock-behind", "our processes' clocks are an hour behind for 4 s", clocks.jump(-clocks.HOUR_S), 3),
    Fault("poison", "malformed, huge and mistyped records in every topic", poison.write_poison),
    Fault(
        "kill-news-listener",
        "kill -9 of the Finlight listener",
        _kill(lambda each: each.stage.listeners[1]),
        loses_input=True,
    ),
    Fault(
        "kill-listener",
        "kill -9 of the Massive listener",
        _kill(lambda each: each.stage.listener),
        loses_input=True,
    ),
)
"""The listeners come last: of what they lose the vendor has no copy, and that would be missing after it."""


def chosen(only: Sequence[str], *, short: bool) -> list[Fault]:
    """Return the faults to make, in their order.

    Args:
        only: Their names; empty for all.
        short: Whether, without names, just those of the short form.

    Raises:
        BadInputError: A name is none of a fault.
    """
    names = {fault.name for fault in CATALOGUE}
    for name in only:
        if name not in names:
            raise BadInputError(f"no fault is named {name!r}: --list names them")
    if only:
        return [fault for fault in CATALOGUE if fault.name in only]
    return [fault for fault in CATALOGUE if fault.is_short or not short]
