"""Shifts this process's wall clock by what a file says, in seconds, from the moment it says so.

Python imports this at its start where this file's folder is on PYTHONPATH. It shifts ``time.time`` and
``time.time_ns``, which is all that the platform's own code, Faust and the Kafka client ask;
``datetime.now`` and code that is not Python see the true clock, and monotonic clocks stay as they are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

LOOK_S = 0.2
"""How soon a shift is noticed."""
VARIABLE = "FAULTS_CLOCK_FILE"
NS_A_SECOND = 1_000_000_000


class _Shift:
    """The file's number, read again now and then; 0 where there is none."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._next = 0.0
        self._seconds = 0

    def seconds(self) -> int:
        now = self._now()
        if now >= self._next:
            self._next = now + LOOK_S
            try:
                self._seconds = int(self._path.read_text())
            except (OSError, ValueError):
                self._seconds = 0
        return self._seconds


def _install(path: Path) -> None:
    true_time, true_time_ns = time.time, time.time_ns
    shift = _Shift(path, time.monotonic)
    time.time = lambda: true_time() + shift.seconds()
    time.time_ns = lambda: true_time_ns() + shift.seconds() * NS_A_SECOND


if _given := os.environ.get(VARIABLE):
    _install(Path(_given))
