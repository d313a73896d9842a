"""Open files of the process: each client is one, and by itself a system allows about a thousand."""

from __future__ import annotations

import contextlib
import logging
import resource
from typing import Final

OWN: Final = 128
"""What the process needs beside its clients: Redis, logs, sockets that listen."""

logger: Final = logging.getLogger(__name__)


def allow(connections: int) -> None:
    """Have the system allow so many connections, as far as it does; say so where it does not."""
    wanted = connections + OWN
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        logger.warning(
            "the system allows %d open files (ulimit -n): %d connections at most, not %d",
            allowed,
            max(0, allowed - OWN),
            connections,
        )
