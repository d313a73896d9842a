"""Faults of the servers: the broker and Redis die, start again, forget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

from streams.errors import UnavailableError
from streams.faults.fault import Make
from streams.faults.installation import Installation
from streams.redis_link import FAILURES, make_client

AWAY_S: Final = 1.0
TIMEOUT_S: Final = 5.0


class Server(Protocol):
    """A server that can be ended, and started again on what it has kept."""

    async def kill(self) -> None:
        """End it at once."""

    async def restart(self) -> None:
        """Stop it in order where it runs, and start it."""


def kill(server_of: Callable[[Installation], Server]) -> Make:
    """Return the fault of a server that ends as in a power cut, and starts again a second later."""

    async def make(installation: Installation) -> float:
        server = server_of(installation)
        await server.kill()
        killed = time.monotonic()
        await asyncio.sleep(AWAY_S)
        await server.restart()
        return killed

    return make


def restart(server_of: Callable[[Installation], Server]) -> Make:
    """Return the fault of a server that stops in order, and starts again at once."""

    async def make(installation: Installation) -> float:
        begun = time.monotonic()
        await server_of(installation).restart()
        return begun

    return make


async def flush_redis(installation: Installation) -> float:
    """Have Redis forget everything: FLUSHALL.

    Raises:
        UnavailableError: It does not answer.
    """
    client = make_client(installation.stage.redis_urls[1], TIMEOUT_S, 1)
    try:
        await client.flushall()
    except FAILURES as error:
        raise UnavailableError(f"Redis does not forget: {error!r}") from None
    finally:
        await client.aclose()
    return time.monotonic()
