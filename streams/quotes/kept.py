"""The newest quotes that Redis holds, from workers that had the partitions before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from streams import feeds
from streams.redis_link import make_client
from streams.settings import Settings

KEYS_A_COMMAND: Final = 1_000


async def read_kept(settings: Settings) -> AsyncIterator[tuple[str, bytes]]:
    """Yield the symbols that have a quote in Redis, each with that value.

    Raises:
        RedisError, OSError, TimeoutError: Redis does not answer.
    """
    prefix = feeds.QUOTE_NBBO.key("").encode()
    client = make_client(settings.mdc_redis_url, settings.redis_timeout_s, 1)
    try:
        scanned = client.scan_iter(match=prefix + b"*", count=KEYS_A_COMMAND)
        keys: list[bytes] = [key async for key in scanned]
        for start in range(0, len(keys), KEYS_A_COMMAND):
            some = keys[start : start + KEYS_A_COMMAND]
            values = await client.mget(some)
            for key, value in zip(some, values, strict=True):
                if isinstance(value, bytes):
                    yield key.removeprefix(prefix).decode(errors="replace"), value
    finally:
        await client.aclose()
