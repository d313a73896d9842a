"""What a server costs: memory and processor time of its process, and of those that it has started."""

from __future__ import annotations

import time
from typing import Any

import psutil


class Load:
    """Measures a server from outside.

    Args:
        pid: Its process; children that it has by now belong to it.
    """

    def __init__(self, pid: int) -> None:
        server = psutil.Process(pid)
        self._processes = [server, *server.children(recursive=True)]
        self._cpu: list[float] = []
        self._started_at = 0.0

    def memory(self) -> int:
        """Return its resident bytes, over all processes."""
        return sum(int(process.memory_info().rss) for process in self._processes)

    def start(self) -> None:
        """Begin to measure processor time."""
        self._started_at, self._cpu = time.perf_counter(), self._times()

    def figures(self, messages: int) -> dict[str, Any]:
        """Return the processor time since the start, and what it delivered in it.

        Args:
            messages: Delivered since the start.
        """
        took_s = time.perf_counter() - self._started_at
        used_s = [now - before for now, before in zip(self._times(), self._cpu, strict=True)]
        return {
            "messages_per_s": round(messages / took_s),
            "messages_per_cpu_s": round(messages / max(sum(used_s), 0.01)),
            "cpu_percent": round(100 * sum(used_s) / took_s, 1),
            "busiest_cpu_percent": round(100 * max(used_s) / took_s, 1),
        }

    def _times(self) -> list[float]:
        return [sum(process.cpu_times()[:2]) for process in self._processes]
