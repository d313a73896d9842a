"""One Kafka record on its way out, as batcher and producer pass it on."""

from __future__ import annotations

from typing import NamedTuple

from streams.topics import Topic
from streams.tracing import Span


class Record(NamedTuple):
    """A record that waits for Kafka.

    Attributes:
        topic: The catalogue's topic.
        partition: The partition within it.
        value: The record's value.
        events: How many of the vendor's events it holds.
        received_ns: When the first of them was received, ns since 1970 UTC.
        key: The record's key; None for micro-batches, whose events have several.
        span: Its way to Kafka, where it is traced.
    """

    topic: Topic
    partition: int
    value: bytes
    events: int
    received_ns: int
    key: bytes | None = None
    span: Span | None = None
