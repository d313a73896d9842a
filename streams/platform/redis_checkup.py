"""Checks of a running installation's Redis: does it answer, keep what it gets, and have the right time."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from pydantic import SecretStr

from streams.errors import StreamsError
from streams.local.doctor import Check
from streams.redis_link import FAILURES, address, make_client
from streams.settings import Settings

OLDEST: Final = (6, 0)
"""Versions before lack what the emitters use."""
FULL: Final = 0.8
"""Share of its memory from which on Redis has too little."""
CLOCK_S: Final = 0.25
RUNBOOKS: Final = "docs/runbooks/"


async def examine_redis(settings: Settings) -> list[Check]:
    """Check both databases."""
    urls = {"MDC_REDIS_URL": settings.mdc_redis_url, "WDC_REDIS_URL": settings.wdc_redis_url}
    return list(await asyncio.gather(*(_examine(name, url, settings) for name, url in urls.items())))


async def _examine(name: str, url: SecretStr, settings: Settings) -> Check:
    try:
        client = make_client(url, settings.redis_timeout_s, 1)
    except StreamsError as error:
        return Check(name, False, str(error), f"set {name}")
    try:
        info: dict[str, Any] = await client.info()
        before = time.time()
        seconds, microseconds = await client.time()
        offset_s = int(seconds) + int(microseconds) / 1e6 - (before + time.time()) / 2
    except FAILURES as error:
        why = str(error) or type(error).__name__
        return Check(
            name, False, f"{address(url)}: {why}", f"start it, or set {name}; {RUNBOOKS}RedisAway.md"
        )
    finally:
        await client.aclose()
    return judge(name, address(url), info, offset_s)


def judge(name: str, where: str, info: dict[str, Any], offset_s: float) -> Check:
    """Return how a Redis is.

    Args:
        name: The setting that names it.
        where: Its address, without secrets.
        info: What INFO says.
        offset_s: How far its clock is ahead of ours, in seconds.
    """
    version = str(info.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        return Check(name, False, f"{where} is Redis {version}", "use Redis 6 or newer, or Valkey")
    policy = str(info.get("maxmemory_policy", "noeviction"))
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if most and policy.startswith("allkeys"):
        remedy = "CONFIG SET maxmemory-policy noeviction, and enough memory"
        return Check(name, False, f"{where} throws feeds away when it is full ({policy})", remedy)
    if most and used > FULL * most:
        return Check(name, False, f"{where} has {used / most:.0%} of its memory taken", "raise its maxmemory")
    if abs(offset_s) > CLOCK_S:
        detail = f"the clock at {where} is {abs(offset_s):.2f} s {'ahead' if offset_s > 0 else 'behind'}"
        return Check(name, False, detail, f"synchronize the clocks; {RUNBOOKS}ClockOff.md")
    return Check(name, True, f"{where} answers: Redis {version}, {used / 1e6:.0f} MB used")
