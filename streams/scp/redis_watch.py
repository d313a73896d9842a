"""Asks the Redis servers how they are, every few seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from pydantic import SecretStr

from streams.redis_link import FAILURES, address, make_client
from streams.scp.clock import now_ms
from streams.settings import Settings

INTERVAL_S: Final = 5.0
TIMEOUT_S: Final = 2.0


class RedisServerWatch:
    """One database, and what its server says.

    Args:
        name: What people call it.
        url: Where it is.

    Raises:
        SettingsError: The URL is none of Redis.
    """

    def __init__(self, name: str, url: SecretStr) -> None:
        self._name = name
        self._url = url
        self._client = make_client(url, TIMEOUT_S, 1)
        self._found: dict[str, Any] = {}
        self._problem: str | None = "not asked yet"
        self._asked_ms: int | None = None

    async def ask(self) -> None:
        """Ask once; what it said last stays where it does not answer, and why."""
        try:
            begun = time.perf_counter()
            async with asyncio.timeout(TIMEOUT_S):
                await self._client.ping()
                took_s = time.perf_counter() - begun
                info = await self._client.info()
                keys = await self._client.dbsize()
            self._found = _figures(info) | {"keys": keys, "ping_ms": round(took_s * 1000, 2)}
            self._problem, self._asked_ms = None, now_ms()
        except FAILURES as error:
            self._problem = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__

    def describe(self) -> dict[str, Any]:
        """Return the figures; those that are not known are None."""
        known = dict.fromkeys((*_FIELDS, "keys", "ping_ms")) | self._found
        told = {"name": self._name, "address": address(self._url), "problem": self._problem}
        return told | {"asked_ms": self._asked_ms} | known

    async def close(self) -> None:
        """Drop the connection."""
        await self._client.aclose()


class RedisWatch:
    """Both databases: market data and widget data.

    Args:
        settings: Where they are.
    """

    def __init__(self, settings: Settings) -> None:
        self._servers = (
            RedisServerWatch("MDC", settings.mdc_redis_url),
            RedisServerWatch("WDC", settings.wdc_redis_url),
        )

    def describe(self) -> list[dict[str, Any]]:
        """Return how each is."""
        return [server.describe() for server in self._servers]

    async def run(self) -> None:
        """Ask, until cancelled."""
        try:
            while True:
                await asyncio.gather(*(server.ask() for server in self._servers))
                await asyncio.sleep(INTERVAL_S)
        finally:
            await asyncio.gather(*(server.close() for server in self._servers))


_FIELDS: Final = {
    "version": "redis_version",
    "uptime_s": "uptime_in_seconds",
    "memory_bytes": "used_memory",
    "memory_limit_bytes": "maxmemory",
    "ops_per_s": "instantaneous_ops_per_sec",
    "in_kib_per_s": "instantaneous_input_kbps",
    "out_kib_per_s": "instantaneous_output_kbps",
    "clients": "connected_clients",
    "evicted": "evicted_keys",
    "rejected": "rejected_connections",
}
"""Our names of the figures, and those of Redis' INFO."""


def _figures(info: Mapping[str, Any]) -> dict[str, Any]:
    return {name: info.get(key) for name, key in _FIELDS.items()}
