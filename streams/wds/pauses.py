"""Pauses of the garbage collector, kept short and rare: in one of them no client gets anything."""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (20_000, 20, 50)
"""A client is about a hundred objects that stay: by itself Python looks through all of them far too often."""


def shorten() -> None:
    """Leave what the process has loaded out of every collection, and collect less often.

    Measured with 1,000 clients: 98 ms for a full collection without, most of it for modules and models. For
    processes that are nothing but a service.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
