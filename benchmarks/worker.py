"""A worker as a process, for benchmarks: started, watched over its /health, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from streams.local.process import ChildProcess, free_port

HEALTH_TIMEOUT_S = 5.0


class AppWorker:
    """One ``faust`` worker. An async context manager.

    Args:
        app: The app, such as ``scanner``.
        environment: Where Kafka and Redis are, and other settings.
        folder: Where its data and its log go.
    """

    def __init__(self, app: str, environment: Mapping[str, str], folder: Path) -> None:
        self._port = free_port()
        command = [sys.executable, "-m", "faust", "-A", f"streams.{app}.app", "-L", "uvloop"]
        command += ["--datadir", str(folder / "data"), "worker", "-l", "warn", "--web-port", str(self._port)]
        self._child = ChildProcess(
            app, command, log_path=folder / f"{app}.log", environment={**os.environ, **environment}
        )
        self.process: psutil.Process | None = None

    async def health(self) -> dict[str, Any] | None:
        """Return what /health says, None where there is no answer."""
        return await asyncio.to_thread(self._health)

    async def counter(self, name: str) -> int:
        """Return one of the worker's counters."""
        health = await self.health()
        return int(health["counters"].get(name, 0)) if health else 0

    async def scrape(self) -> None:
        """Read its metrics, as Prometheus does, where it answers."""
        await asyncio.to_thread(scrape, f"http://127.0.0.1:{self._port}/metrics")

    def _health(self) -> dict[str, Any] | None:
        url = f"http://127.0.0.1:{self._port}/health"
        try:
            with urllib.request.urlopen(url, timeout=HEALTH_TIMEOUT_S) as answer:  # noqa: S310  our own address
                return dict(json.load(answer))
        except urllib.error.HTTPError as answer:
            return dict(json.load(answer))
        except OSError:
            return None

    async def __aenter__(self) -> Self:
        """Start it; it gets its partitions later."""
        await self._child.start()
        self.process = psutil.Process(self._child.pid)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it in order."""
        await self._child.stop()


def scrape(url: str) -> None:
    """Read metrics and throw them away; nobody there is no fault."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=HEALTH_TIMEOUT_S) as answer:  # noqa: S310  our own
        answer.read()
