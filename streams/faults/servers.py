"""Faults of the servers: the broker and Redis die, start again, forget."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from streams.faults.installation import Installation
from streams.redis_link import make_client

AWAY_S: Final = 1.0
TIMEOUT_S: Final = 5.0


async def kill_broker(installation: Installation) -> float:
    """End the broker as a power cut would; it comes back on its data."""
    await installation.kafka.kill()
    killed = time.monotonic()
    await asyncio.sleep(AWAY_S)
    await installation.kafka.restart()
    return killed


async def restart_broker(installation: Installation) -> float:
    """Stop the broker in order and start it again."""
    begun = time.monotonic()
    await installation.kafka.restart()
    return begun


async def kill_redis(installation: Installation) -> float:
    """End Redis at once; it comes back with nothing."""
    await installation.redis.kill()
    killed = time.monotonic()
    await asyncio.sleep(AWAY_S)
    await installation.redis.restart()
    return killed


async def restart_redis(installation: Installation) -> float:
    """Stop Redis in order and start it again; it comes back with nothing."""
    begun = time.monotonic()
    await installation.redis.restart()
    return begun


async def flush_redis(installation: Installation) -> float:
    """Have Redis forget everything: FLUSHALL."""
    client = make_client(installation.stage.redis_urls[1], TIMEOUT_S, 1)
    try:
        await client.flushall()
    finally:
        await client.aclose()
    return time.monotonic()
