"""What a worker has applied, for those who bring it on: how late it is, and which batches are traced."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

BEHIND_MS: Final = 300
"""A worker whose batches were received longer ago than this catches up before all else."""
MAX_TRACES: Final = 64
"""Most traced batches that wait to be brought on."""


class Passed(NamedTuple):
    """The batches that one who brings on has not taken yet.

    Attributes:
        received_ms: When the oldest of them was received, ms since 1970 UTC; None where there is none.
        traceparents: The newest steps of those that are traced.
    """

    received_ms: int | None
    traceparents: list[str]


class Follower:
    """Collects batches for one who brings them on, such as the writer of a Redis database."""

    def __init__(self) -> None:
        self._received_ms: int | None = None
        self._traceparents: list[str] = []

    def note(self, received_ms: int | None, traceparent: str | None = None) -> None:
        """Take note of a batch."""
        if received_ms is not None and (self._received_ms is None or received_ms < self._received_ms):
            self._received_ms = received_ms
        if traceparent is not None and len(self._traceparents) < MAX_TRACES:
            self._traceparents.append(traceparent)

    def take(self) -> Passed:
        """Return what has been noted since the last call."""
        passed = Passed(self._received_ms, self._traceparents)
        self._received_ms, self._traceparents = None, []
        return passed


class Passage:
    """The way of batches through a worker.

    Args:
        name: The worker's app.

    Attributes:
        name: The same.
        is_behind: Whether the events that come now were received long ago.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.is_behind = False
        self._followers: list[Follower] = []

    def follow(self) -> Follower:
        """Return what is told of every batch from now on."""
        follower = Follower()
        self._followers.append(follower)
        return follower

    def begin(self, received_ms: int | None) -> None:
        """Take note of when the batch that comes now was received, ms since 1970 UTC; None is unknown."""
        if received_ms is not None:
            self.is_behind = time.time() * 1000 - received_ms > BEHIND_MS

    def end(self, received_ms: int | None, traceparent: str | None) -> None:
        """Take note of a batch that has been applied."""
        for follower in self._followers:
            follower.note(received_ms, traceparent)
