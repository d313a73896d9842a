"""What has been found in one partition, read onward from an offset or back from one."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple, Protocol

from streams.inspection.concern import Found
from streams.inspection.query import Query

FIRST_CHUNK: Final = 100
LAST_CHUNK: Final = 3_200
"""Offsets that are read at once on the way back: few first, for what is wanted may be near."""


class Span(NamedTuple):
    """Offsets, the last one excluded."""

    first: int
    end: int


class Lane(Protocol):
    """A partition's reading. Its spans are read each from its first offset on, one after the other.

    Attributes:
        held: The offsets that the partition holds.
        start: Where the reading began.
        position: How far it has come: all between ``start`` and it has been read.
        found: What is wanted of that, in the order of offsets.
    """

    held: Span
    start: int
    position: int
    found: deque[Found]

    def next_span(self) -> Span | None:
        """Return what is to be read next; None where it has enough, or there is no more."""

    def take(self, found: Found | None, offset: int) -> bool:
        """Take the record at an offset, None for one that is not wanted; return whether to read on."""

    def close(self) -> None:
        """Note that the span has been read to its end. Its last offsets may be of no record."""


class Onward:
    """Reads towards the end. A `Lane`.

    Args:
        held: The offsets that the partition holds.
        start: The first offset to read.
        query: How much is enough.
    """

    def __init__(self, held: Span, start: int, query: Query) -> None:
        self.held, self.start, self.position = held, start, start
        self.found: deque[Found] = deque()
        self._query = query
        self._bytes = 0

    def next_span(self) -> Span | None:
        """Return all that is left."""
        is_done = self._is_full or self.position >= self.held.end
        return None if is_done else Span(self.position, self.held.end)

    def take(self, found: Found | None, offset: int) -> bool:
        """Take a record; return whether it needs more."""
        self.position = offset + 1
        if found is not None:
            self.found.append(found)
            self._bytes += found.size
        return not self._is_full

    def close(self) -> None:
        """Note that nothing is left."""
        self.position = self.held.end

    @property
    def _is_full(self) -> bool:
        return len(self.found) >= self._query.most or self._bytes >= self._query.most_bytes


class Back:
    """Reads towards the beginning, chunk by chunk, for Kafka reads onward alone. A `Lane`.

    Args:
        held: The offsets that the partition holds.
        start: The offset before which the newest are wanted.
        query: How much is enough, and whether most records are not wanted.
    """

    def __init__(self, held: Span, start: int, query: Query) -> None:
        self.held, self.start, self.position = held, start, start
        self.found: deque[Found] = deque()
        self._query = query
        self._length = query.most if query.symbol is None else FIRST_CHUNK
        self._span = Span(start, start)
        self._chunk: deque[Found] = deque()
        self._bytes = 0
        self._chunk_bytes = 0
        self._has_enough = False

    def next_span(self) -> Span | None:
        """Return the next chunk. What was found in one that was not read to its end is forgotten."""
        self._chunk.clear()
        self._chunk_bytes = 0
        if self._has_enough or self.position <= self.held.first:
            return None
        self._span = Span(max(self.held.first, self.position - self._length), self.position)
        return self._span

    def take(self, found: Found | None, offset: int) -> bool:  # noqa: ARG002  the other way needs it
        """Take a record; the oldest of the chunk go where there is enough without them."""
        if found is not None:
            self._chunk.append(found)
            self._chunk_bytes += found.size
            while self._is_full_without(self._chunk[0]):
                self._chunk_bytes -= self._chunk.popleft().size
                self._has_enough = True
        return True

    def close(self) -> None:
        """Keep the chunk, and make the next one longer."""
        self.position = self._chunk[0].record.offset if self._has_enough else self._span.first
        self.found.extendleft(reversed(self._chunk))
        self._bytes += self._chunk_bytes
        self._has_enough |= len(self.found) >= self._query.most or self._bytes >= self._query.most_bytes
        self._length = min(2 * self._length, LAST_CHUNK)

    def _is_full_without(self, oldest: Found) -> bool:
        count = len(self.found) + len(self._chunk) - 1
        return (
            count >= self._query.most
            or self._bytes + self._chunk_bytes - oldest.size >= self._query.most_bytes
        )
