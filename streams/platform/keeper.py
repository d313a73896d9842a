"""Keeps the platform's processes running: starts them, starts again what dies, stops them in order."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from streams.backoff import Backoff
from streams.errors import UnavailableError
from streams.local.cache import Progress
from streams.local.process import ChildProcess
from streams.platform.components import Component, Health
from streams.platform.probe import Probe

READY_TIMEOUT_S: Final = 60.0
POLL_S: Final = 0.1
FIRST_RESTART_S: Final = 0.5
LONGEST_RESTART_S: Final = 30.0
STABLE_S: Final = 30.0
"""A process that has run this long is started again soon after its end."""
_UNSAFE: Final = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True)
class _Kept:
    component: Component
    process: ChildProcess
    task: asyncio.Task[None] | None = None
    restarts: int = 0
    pids: set[int] = field(default_factory=set)


class Keeper:
    """Runs components as child processes.

    Args:
        environment: Variables of all of them, beside this process's own.
        say: Told, in one line each, what dies and is started again.
        log_folder: Where each writes its log; None for this process's stderr.
        stop_timeout_s: Seconds that a process gets to stop in order.

    Attributes:
        environment: The whole environment of what is started from now on.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        say: Progress,
        *,
        log_folder: Path | None = None,
        stop_timeout_s: float = 10.0,
    ) -> None:
        self.environment = {**os.environ, **environment}
        self._say = say
        self._log_folder = log_folder
        self._stop_timeout_s = stop_timeout_s
        self._kept: dict[str, _Kept] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of what runs, by the components' names."""
        return {name: kept.process.pid for name, kept in self._kept.items() if kept.process.pid is not None}

    @property
    def all_pids(self) -> set[int]:
        """The process ids of all that was ever started."""
        return set().union(*(kept.pids for kept in self._kept.values()))

    @property
    def restarts(self) -> dict[str, int]:
        """How often what died was started again, by the components' names; only where it was."""
        return {name: kept.restarts for name, kept in self._kept.items() if kept.restarts}

    async def start(self, component: Component) -> None:
        """Start a component and keep it running from now on; ``until_ready`` waits for it.

        Raises:
            UnavailableError: It cannot be run.
        """
        kept = _Kept(component, self._process(component))
        self._kept[component.name] = kept
        await kept.process.start()
        self._note_pid(kept)
        kept.task = asyncio.create_task(self._keep(kept), name=f"keep {component.name}")

    async def until_ready(
        self,
        component: Component,
        probe: Probe,
        timeout_s: float = READY_TIMEOUT_S,
        is_ready: Callable[[Health], bool] | None = None,
    ) -> None:
        """Wait until a component does its work, or is as ``is_ready`` wants it.

        Raises:
            UnavailableError: It died, or is not ready in time.
        """
        kept, is_ready = self._kept[component.name], is_ready or component.is_ready
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    health = await probe.health(component.health_url)
                    if health and is_ready(health):
                        return
                    if kept.restarts or not kept.process.running:
                        raise UnavailableError(f"{component.name} does not start: {_tail(kept.process)}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise UnavailableError(
                f"{component.name} is not ready after {timeout_s:g} s: {_tail(kept.process)}"
            ) from None

    async def run_once(self, component: Component, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Run a component that ends by itself.

        Raises:
            UnavailableError: It fails, or does not end in time.
        """
        process = self._process(component)
        kept = self._kept[component.name] = _Kept(component, process)
        await process.start()
        self._note_pid(kept)
        try:
            code = await asyncio.wait_for(process.wait(), timeout_s)
        except TimeoutError:
            raise UnavailableError(f"{component.name} has not ended after {timeout_s:g} s") from None
        finally:
            await process.kill()
        if code:
            raise UnavailableError(f"{component.name} failed: {_tail(process)}")

    async def stop(self, *names: str) -> None:
        """Stop the components named, all at the same time; without a name, every one that runs."""
        chosen = [self._kept[name] for name in names if name in self._kept] if names else self._kept.values()
        await asyncio.gather(*(self._stop(kept) for kept in chosen))

    async def _stop(self, kept: _Kept) -> None:
        if kept.task is not None:
            kept.task.cancel()
            await asyncio.gather(kept.task, return_exceptions=True)
        await kept.process.stop()

    async def _keep(self, kept: _Kept) -> None:
        backoff = Backoff(FIRST_RESTART_S, LONGEST_RESTART_S)
        while True:
            started = time.monotonic()
            code = await kept.process.wait()
            if time.monotonic() - started >= STABLE_S:
                backoff.reset()
            delay = backoff.next_s()
            kept.restarts += 1
            self._say(
                f"{kept.component.name} ended (exit code {code}: {_tail(kept.process)}); "
                f"starting again in {delay:.1f} s"
            )
            await asyncio.sleep(delay)
            await self._start_again(kept)

    async def _start_again(self, kept: _Kept) -> None:
        try:
            await kept.process.start()
        except UnavailableError as error:
            self._say(str(error))
        self._note_pid(kept)

    def _note_pid(self, kept: _Kept) -> None:
        if kept.process.pid is not None:
            kept.pids.add(kept.process.pid)

    def _process(self, component: Component) -> ChildProcess:
        log = None
        if self._log_folder is not None:
            log = self._log_folder / f"{_UNSAFE.sub('-', component.name.lower())}.log"
        return ChildProcess(
            component.name,
            component.command,
            log_path=log,
            inherit_output=self._log_folder is None,
            environment={**self.environment, **component.environment},
            stop_timeout_s=self._stop_timeout_s,
        )


async def together(*work: Coroutine[Any, Any, Any]) -> None:
    """Do all of ``work`` at the same time; what fails first ends the others and is raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tail(process: ChildProcess) -> str:
    """Return the last line of its log, without the name that commands put before their errors."""
    lines = process.last_lines(1)
    return lines[0].removeprefix("streams: ") if lines else "see its log"
