"""How late values reach the clients: what workers say of the batches that they have published."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from streams.feeds import Mark
from streams.telemetry import Counters
from streams.tracing import Tracer

_decode: Final = msgspec.json.Decoder(Mark).decode


class Marks:
    """Takes the marks that come behind published values.

    Args:
        counters: Where the time since receipt is counted, as ``latency`` of the stage ``dispatched``.
        tracer: Ends the traces that come this far.
    """

    def __init__(self, counters: Counters, tracer: Tracer) -> None:
        self._counters = counters
        self._tracer = tracer

    def take(self, payload: bytes) -> None:
        """Take a mark: the values before it have been handed to the clients."""
        try:
            mark = _decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._counters.add("marks_rejected")
            return
        now_ns = time.time_ns()
        self._counters.observe("latency", now_ns / 1e9 - mark.received_ms / 1000, reason="dispatched")
        start_ns = min(mark.published_ns, now_ns)
        span = self._tracer.follow(mark.traceparent, "dispatch", start_ns, {"streams.app": mark.app})
        if span is not None:
            span.end()
