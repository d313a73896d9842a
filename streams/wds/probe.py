"""Whether what is published still comes through a subscription: asked by publishing, at any hour.

A connection may answer and yet be deaf: after a failover it may stand to a server that nobody writes to any
more. What is published on a second connection, which finds the server anew, does not come through then.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import suppress
from typing import Final

from pydantic import SecretStr
from redis.exceptions import NoPermissionError

from streams import redis_link
from streams.telemetry import Reporter

PROBE_S: Final = 1.0
"""Time between two probes, in seconds."""
DEAF_AFTER_S: Final = 3.0
"""A subscription through which a probe has not come for so long counts as deaf."""

logger: Final = logging.getLogger(__name__)


class Probe:
    """Publishes on a channel of its own and notes what comes back.

    Args:
        url: The Redis.
        timeout_s: Longest wait for an answer, and for a probe to come, in seconds.

    Attributes:
        channel: To be subscribed for as long as anything else is.
    """

    def __init__(self, url: SecretStr, timeout_s: float) -> None:
        self.channel = f"streams:wds:probe:{secrets.token_hex(8)}"
        self._client = redis_link.make_client(url, timeout_s, 1)
        self._timeout_s = timeout_s
        self._reporter = Reporter(logger)
        self._came = asyncio.Event()
        self._since: float | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether a probe was published so long ago that it must have come."""
        return self._since is not None and time.monotonic() - self._since > DEAF_AFTER_S

    def note(self) -> None:
        """Take note that a probe has come."""
        self._since = None
        self._came.set()

    def forget(self) -> None:
        """Wait for no probe: nothing is subscribed."""
        self.note()

    async def ask(self) -> None:
        """Publish until it comes, or until nothing is subscribed any more.

        Raises:
            TimeoutError: It does not come.
            RedisError: Redis is away.
            OSError: Redis is away.
        """
        self._came.clear()
        self._since = self._since or time.monotonic()
        deadline = time.monotonic() + self._timeout_s
        # More than once: subscribed anew in this very moment, it misses the first.
        while time.monotonic() < deadline:
            await self._publish()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(PROBE_S, self._timeout_s / 2)):
                    await self._came.wait()
                    return
        raise TimeoutError("what is published does not come")

    async def _publish(self) -> None:
        try:
            await self._client.publish(self.channel, b"")
        except NoPermissionError as error:
            # Not allowed to publish: then it is the heartbeat alone that tells.
            self._reporter.warn("the subscriptions cannot be probed", str(error))
            self.note()

    async def close(self) -> None:
        """Drop the connection."""
        await self._client.aclose()
