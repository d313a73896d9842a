"""The records that wait for one partition of one topic, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from streams.listeners.record import Record

RECORD_OVERHEAD: Final = 200
"""Bytes that a waiting record takes beside its value, roughly."""


def weight(record: Record) -> int:
    """Return how many bytes a waiting record counts."""
    return len(record.value) + RECORD_OVERHEAD


class Lane:
    """A queue whose records leave it only when Kafka has acknowledged them.

    Attributes:
        waiting: Records that have not been handed to the client, oldest first.
        in_flight: Records of the batch that the client has, older than all that wait.
        suspects: How many of the oldest go one by one, to find the one that Kafka refuses.
    """

    def __init__(self) -> None:
        self.waiting: deque[Record] = deque()
        self.in_flight: list[Record] = []
        self.suspects = 0
        self.filled = asyncio.Event()

    def put(self, record: Record) -> None:
        """Add the newest record."""
        self.waiting.append(record)
        self.filled.set()

    def take(self) -> Record:
        """Hand the oldest waiting record to the batch in flight."""
        record = self.waiting.popleft()
        self.in_flight.append(record)
        if not self.waiting:
            self.filled.clear()
        return record

    def drop_oldest(self) -> Record:
        """Give up the oldest waiting record and return it."""
        record = self.waiting.popleft()
        if not self.waiting:
            self.filled.clear()
        return record

    def acknowledge(self) -> list[Record]:
        """Let go of the batch in flight and return its records."""
        records, self.in_flight = self.in_flight, []
        self.suspects = max(0, self.suspects - len(records))
        return records

    def put_back(self) -> None:
        """Let the batch in flight wait again, before all else."""
        self.waiting.extendleft(reversed(self.in_flight))
        self.in_flight = []
        if self.waiting:
            self.filled.set()

    def oldest_ns(self) -> int | None:
        """Return when its oldest record was received (ns since 1970 UTC); None where it is empty."""
        if self.in_flight:
            return self.in_flight[0].received_ns
        return self.waiting[0].received_ns if self.waiting else None
