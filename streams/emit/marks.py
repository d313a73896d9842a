"""Tells how late what is written to Redis is, and which batches it holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from streams.feeds import Mark
from streams.passage import Follower
from streams.telemetry import Counters
from streams.tracing import Span, Tracer

MARK_INTERVAL_S: Final = 1.0
"""Shortest time between two marks that are of no trace."""
MARKS_AT_ONCE: Final = 8
"""Most traces that are marked in one write."""

_encode: Final = msgspec.json.Encoder().encode


class Marker:
    """Follows batches into one Redis database.

    After a write that holds traced batches, and once a second anyhow, a `Mark` is published behind the
    values: Redis keeps the order, so who has it has had the values. That is how a trace, and the age of what
    clients get, cross Redis without a change to any payload.

    Args:
        follower: Tells of batches that were applied.
        tracer: Traces the writes.
        counters: Where the time since receipt is counted, as ``latency`` of the stage ``published``.
        name: Whose writes they are.
    """

    def __init__(self, follower: Follower, tracer: Tracer, counters: Counters, name: str) -> None:
        self._follower = follower
        self._tracer = tracer
        self._counters = counters
        self._name = name
        self._marked_at = 0.0

    @contextmanager
    def writing(self, database: str) -> Iterator[Callable[[], Iterator[bytes]]]:
        """Measure and trace a write that happens within the context.

        Returns:
            What yields, once the values are written, the marks to publish.
        """
        passed, now_ns = self._follower.take(), time.time_ns()
        known = {"db.system.name": "redis", "db.namespace": database}
        spans: list[Span] = [
            span
            for traceparent in passed.traceparents
            if (span := self._tracer.follow(traceparent, "emit", now_ns, known))
        ]
        try:
            yield lambda: self._marks(passed.received_ms, spans)
        except BaseException as error:
            for span in spans:
                span.end(error=f"not written: {type(error).__name__}")
            self._follower.note(passed.received_ms)
            raise
        for span in spans:
            span.end()
        if passed.received_ms is not None:
            self._counters.observe("latency", time.time() - passed.received_ms / 1000, reason="published")

    def _marks(self, received_ms: int | None, spans: list[Span]) -> Iterator[bytes]:
        if received_ms is None:
            return
        now = time.monotonic()
        if not spans and now - self._marked_at < MARK_INTERVAL_S:
            return
        self._marked_at = now
        if not spans:
            yield _encode(Mark(self._name, received_ms, time.time_ns()))
        for span in spans[:MARKS_AT_ONCE]:
            yield _encode(Mark(self._name, received_ms, time.time_ns(), span.traceparent))
