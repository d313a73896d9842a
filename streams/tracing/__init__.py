"""Traces of single batches, from the listener to the clients' connections.

A listener traces one record in many and says so in the record's header ``traceparent`` (W3C Trace Context,
https://www.w3.org/TR/trace-context/); whoever finds it there goes on with the trace. Where tracing is off,
as it is unless OTEL_EXPORTER_OTLP_ENDPOINT is set, nothing that exports is imported.
"""

from streams.tracing.tracer import NO_TRACER, Span, Tracer, make_tracer

__all__ = ["NO_TRACER", "Span", "Tracer", "make_tracer"]
