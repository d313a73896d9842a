"""One connection to Redis that carries script calls, many in a round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import SecretStr

from streams import redis_link
from streams.emit.commands import Call

ROUND_TRIP_BYTES: Final = 1024 * 1024
"""Most that is sent before the replies are read."""


class Link:
    """A connection that is opened by its owner, and closed by the first failure.

    Args:
        url: The Redis database.
        timeout_s: Longest wait for each step, in seconds.
    """

    def __init__(self, url: SecretStr, timeout_s: float) -> None:
        self._connection = redis_link.make_connection(url, timeout_s)

    @property
    def connected(self) -> bool:
        """Whether the connection is open, as far as this side knows."""
        return bool(self._connection.is_connected)

    async def open(self) -> None:
        """Connect anew.

        Raises:
            RedisError: Redis does not answer, or refuses.
        """
        await self.close()
        await self._connection.connect()  # type: ignore[no-untyped-call]  # not annotated

    async def close(self) -> None:
        """Drop the connection."""
        await self._connection.disconnect(nowait=True)

    async def ask(self, packed: bytes) -> Any:  # noqa: ANN401  whatever the command answers
        """Send one command and return the answer.

        Raises:
            RedisError: It may not have been done. Its answer may be left to read, so ``open`` must come next.
        """
        await self._connection.send_packed_command([packed], check_health=False)
        return await self._connection.read_response()

    async def send(self, calls: Sequence[Call]) -> None:
        """Send ``calls`` and wait until Redis has done all of them.

        Raises:
            RedisError: Some may not have been done. Replies may be left to read, so ``open`` must come next.
        """
        start = size = 0
        for position, call in enumerate(calls, 1):
            size += len(call.packed)
            if size >= ROUND_TRIP_BYTES or position == len(calls):
                await self._round_trip(calls[start:position])
                start, size = position, 0

    async def _round_trip(self, calls: Sequence[Call]) -> None:
        connection = self._connection
        await connection.send_packed_command([call.packed for call in calls], check_health=False)
        for _ in calls:
            await connection.read_response()
