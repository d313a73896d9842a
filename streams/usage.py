"""What this process takes of its machine."""

from __future__ import annotations

from functools import cache
from typing import TypedDict

import psutil


class Usage(TypedDict):
    """Processor time since the process started, in seconds, and resident memory in bytes."""

    cpu_s: float
    resident_bytes: int


def usage() -> Usage:
    """Return what it has taken so far."""
    process = _this()
    times = process.cpu_times()
    return Usage(cpu_s=round(times.user + times.system, 2), resident_bytes=process.memory_info().rss)


@cache
def _this() -> psutil.Process:
    return psutil.Process()
