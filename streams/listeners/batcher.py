"""Gathers slices of frames into records: micro-batches of one event type and partition.

One frame cut by type and partition gives crumbs of a few events, and downstream a crumb costs like a full
record. So slices wait here until their record is old or large enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.listeners.record import Record
from streams.listeners.split import Slice
from streams.records import join
from streams.topics import topic_of_event

BRACKETS: Final = 2
"""Bytes of a record beside its slices and the commas between them."""


class _Open:
    """A record that still gathers."""

    __slots__ = ("events", "opened", "parts", "received_ns", "size")

    def __init__(self, opened: float, received_ns: int) -> None:
        self.opened = opened
        self.received_ns = received_ns
        self.parts: list[bytes] = []
        self.events = 0
        self.size = BRACKETS


class Batcher:
    """Gathers slices per event type and partition, in arrival order.

    Args:
        linger_s: A record closes this many seconds after its first slice …
        max_bytes: … or before it would grow beyond this size. A larger single event goes alone.
    """

    def __init__(self, linger_s: float, max_bytes: int) -> None:
        self._linger_s = linger_s
        self._max_bytes = max_bytes
        # In the order in which they were opened, so that the first one is due first.
        self._open: dict[tuple[str, int], _Open] = {}

    def add(self, slices: Iterable[Slice], now: float, received_ns: int) -> list[Record]:
        """Take a frame's slices; return the records that are full thereby.

        Args:
            slices: The slices, each no longer than a record may be.
            now: Monotonic time in seconds.
            received_ns: When the frame was received, ns since 1970 UTC.
        """
        full: list[Record] = []
        opened = self._open
        max_bytes = self._max_bytes
        for event_type, partition, events, data in slices:
            lane = (event_type, partition)
            size = len(data) + 1
            record = opened.get(lane)
            if record is not None and record.size + size > max_bytes:
                full.append(_close(lane, opened.pop(lane)))
                record = None
            if record is None:
                record = opened[lane] = _Open(now, received_ns)
            record.parts.append(data)
            record.events += events
            record.size += size
        return full

    def due(self, now: float) -> list[Record]:
        """Return the records whose time has come, oldest first."""
        records: list[Record] = []
        while self._open:
            lane, record = next(iter(self._open.items()))
            if record.opened + self._linger_s > now:
                break
            records.append(_close(lane, self._open.pop(lane)))
        return records

    def next_due(self) -> float | None:
        """Return the monotonic time (s) at which the next record closes; None while none is open."""
        for record in self._open.values():
            return record.opened + self._linger_s
        return None

    def flush(self) -> list[Record]:
        """Close and return every record, oldest first."""
        records = [_close(lane, record) for lane, record in self._open.items()]
        self._open.clear()
        return records


def _close(lane: tuple[str, int], record: _Open) -> Record:
    event_type, partition = lane
    return Record(
        topic_of_event(event_type), partition, join(record.parts), record.events, record.received_ns
    )
