"""Connections to Redis, made alike everywhere: timeouts on all, no hidden retries, no URL in an error."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from streams.errors import SettingsError

FAILURES: Final = (RedisError, OSError, TimeoutError)
"""What a Redis that is away, slow or unwilling raises."""


def address(url: SecretStr) -> str:
    """Return ``host:port/db`` of a Redis URL: what may be logged of it."""
    parts = urlsplit(url.get_secret_value())
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}{parts.path}"


def make_connection(url: SecretStr, timeout_s: float) -> AbstractConnection:
    """Return one connection, not yet open, whose owner sends commands and reads replies himself.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        timeout_s: Longest wait for connecting, sending and for a reply, in seconds.

    Raises:
        SettingsError: The URL is none of Redis; the message does not repeat it.
    """
    pool = _pool(url, timeout_s, 1)
    connection: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]  # not annotated
    return connection


def make_client(url: SecretStr, timeout_s: float, connections: int) -> Redis:
    """Return a client with at most ``connections`` connections; closing it is the caller's.

    Raises:
        SettingsError: The URL is none of Redis; the message does not repeat it.
    """
    return Redis.from_pool(_pool(url, timeout_s, connections))


def _pool(url: SecretStr, timeout_s: float, connections: int) -> BlockingConnectionPool:
    try:
        return BlockingConnectionPool.from_url(
            url.get_secret_value(),
            max_connections=connections,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
    except ValueError:
        raise SettingsError("a Redis URL must look like redis://HOST:PORT/DB") from None
