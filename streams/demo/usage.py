"""How much processor time and memory the processes of a demo take."""

from __future__ import annotations

import time
from collections.abc import Mapping

import psutil


class Usage:
    """CPU and memory by component, from its creation on. A process that ended counts up to the last look."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._first: dict[int, float] = {}
        self._spent: dict[tuple[str, int], float] = {}
        self.resident_mb: dict[str, int] = {}

    def look(self, pids: Mapping[str, int]) -> None:
        """Read the processes' times; their components' names are the keys."""
        for name, pid in pids.items():
            try:
                process = psutil.Process(pid)
                times = process.cpu_times()
                self.resident_mb[name] = process.memory_info().rss // 1_000_000
            except psutil.Error:
                continue
            total = times.user + times.system
            self._spent[name, pid] = total - self._first.setdefault(pid, total)

    def cpu_percent(self) -> dict[str, float]:
        """Return the mean use of one core, in percent, by component."""
        seconds = max(time.monotonic() - self._started, 0.001)
        result: dict[str, float] = {}
        for (name, _), spent in self._spent.items():
            result[name] = round(result.get(name, 0.0) + 100 * spent / seconds, 1)
        return result
