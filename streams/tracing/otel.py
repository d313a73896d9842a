"""Traces sent to an OpenTelemetry collector (OTLP over HTTP), from a bounded queue, by a thread."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_NAMESPACE, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from streams.telemetry import current_trace, quieten
from streams.tracing.tracer import Attribute

EXPORT_TIMEOUT_S: Final = 3.0
"""Longest that the collector may take for a batch of spans; the end of a component waits no longer either."""
QUEUE_SPANS: Final = 2_048
"""Most spans that wait; beyond it the newest go."""
DELAY_MS: Final = 1_000.0
"""How often spans are sent."""
NAMESPACE: Final = "market-streams"
_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class OpenTelemetrySpan:
    """A span of the SDK's.

    Args:
        span: It.
    """

    __slots__ = ("_span", "_trace_id", "traceparent")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        context = span.get_span_context()
        self._trace_id = f"{context.trace_id:032x}"
        self.traceparent = f"00-{self._trace_id}-{context.span_id:016x}-{context.trace_flags:02x}"

    def end(self, *, error: str = "") -> None:
        """End it now, with what went wrong if anything did."""
        if error:
            self._span.set_status(Status(StatusCode.ERROR, error))
        self._span.end()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Have log records within the context carry the trace's id."""
        token = current_trace.set(self._trace_id)
        try:
            yield
        finally:
            current_trace.reset(token)


class OpenTelemetryTracer:
    """Traces one batch in so many.

    Args:
        endpoint: The collector, such as ``http://localhost:4318``.
        share: Share of batches that are traced, 0 to 1.
        component: The service's name, where OTEL_SERVICE_NAME gives no other.
    """

    def __init__(self, endpoint: str, share: float, component: str) -> None:
        self._share = share
        resource = Resource.create({
            SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or component,
            SERVICE_NAMESPACE: NAMESPACE,
            SERVICE_INSTANCE_ID: f"{os.uname().nodename}:{os.getpid()}",
        })  # fmt: skip
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=EXPORT_TIMEOUT_S)
        # What is sampled is decided before a span is made.
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=QUEUE_SPANS,
                schedule_delay_millis=DELAY_MS,
                export_timeout_millis=EXPORT_TIMEOUT_S * 1000,
            )
        )
        self._tracer = self._provider.get_tracer(NAMESPACE)
        quieten("opentelemetry")

    def sample(
        self, name: str, start_ns: int, attributes: Mapping[str, Attribute]
    ) -> OpenTelemetrySpan | None:
        """Begin a trace, or nothing."""
        if random.random() >= self._share:  # noqa: S311  no secret
            return None
        return OpenTelemetrySpan(
            self._tracer.start_span(
                name,
                trace.set_span_in_context(trace.INVALID_SPAN),
                kind=SpanKind.PRODUCER,
                attributes=attributes,
                start_time=start_ns,
            )
        )

    def follow(
        self, traceparent: str | None, name: str, start_ns: int, attributes: Mapping[str, Attribute]
    ) -> OpenTelemetrySpan | None:
        """Begin a further step of a trace; nothing where ``traceparent`` names none."""
        parent = None if traceparent is None else _context(traceparent)
        if parent is None:
            return None
        return OpenTelemetrySpan(
            self._tracer.start_span(
                name,
                trace.set_span_in_context(NonRecordingSpan(parent)),
                kind=SpanKind.CONSUMER,
                attributes=attributes,
                start_time=start_ns,
            )
        )

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        self._provider.shutdown()


def _context(traceparent: str) -> SpanContext | None:
    """Return the span that a traceparent names, None where it is none or was not sampled."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or not int(found[3], 16) & TraceFlags.SAMPLED:
        return None
    context = SpanContext(int(found[1], 16), int(found[2], 16), True, TraceFlags(TraceFlags.SAMPLED))
    return context if context.is_valid else None
