"""Faults of the clocks: those of all our processes jump, and jump back."""

from __future__ import annotations

import asyncio
import functools
import time
from typing import Final

from streams.faults.fault import Make
from streams.faults.installation import Installation

HOUR_S: Final = 3_600
WRONG_S: Final = 4.0


def jump(seconds: int) -> Make:
    """Return the fault of clocks that are wrong by ``seconds`` for some seconds."""
    return functools.partial(_jump, seconds)


async def _jump(seconds: int, installation: Installation) -> float:
    path = installation.clock_file
    path.write_text(str(seconds))
    await asyncio.sleep(WRONG_S)
    path.write_text("0")
    return time.monotonic()
