"""The time, as the database has it."""

from __future__ import annotations

import time

NS_A_MS = 1_000_000


def now_ms() -> int:
    """Return the time, ms since 1970 UTC."""
    return time.time_ns() // NS_A_MS
