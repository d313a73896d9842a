"""What traces a batch's way, or does not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol

from streams.errors import SettingsError
from streams.settings import Settings

Attribute = str | int | float


class Span(Protocol):
    """One step of a traced batch's way.

    Attributes:
        traceparent: What the next step is told, as text.
    """

    traceparent: str

    def end(self, *, error: str = "") -> None:
        """End it now, with what went wrong if anything did."""

    def active(self) -> AbstractContextManager[None]:
        """Have log records within the context carry the trace's id."""


class Tracer(Protocol):
    """Begins spans."""

    def sample(self, name: str, start_ns: int, attributes: Mapping[str, Attribute]) -> Span | None:
        """Begin a trace, or nothing: one call in so many begins one.

        Args:
            name: The first step.
            start_ns: When it began, ns since 1970 UTC.
            attributes: What is known of it.
        """

    def follow(
        self, traceparent: str | None, name: str, start_ns: int, attributes: Mapping[str, Attribute]
    ) -> Span | None:
        """Begin a further step of a trace; nothing where ``traceparent`` names none."""

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""


class NoTracer:
    """Traces nothing."""

    def sample(self, name: str, start_ns: int, attributes: Mapping[str, Attribute]) -> Span | None:
        """Begin nothing."""
        return None

    def follow(
        self, traceparent: str | None, name: str, start_ns: int, attributes: Mapping[str, Attribute]
    ) -> Span | None:
        """Begin nothing."""
        return None

    def close(self) -> None:
        """Do nothing."""


NO_TRACER: Final = NoTracer()


def make_tracer(settings: Settings, component: str) -> Tracer:
    """Return what traces for a component, NO_TRACER where the settings ask for none.

    Raises:
        SettingsError: The address of the collector cannot be used.
    """
    endpoint = settings.otel_exporter_otlp_endpoint
    if not endpoint or settings.otel_sdk_disabled or not settings.otel_traces_sampler_arg:
        return NO_TRACER
    if not endpoint.startswith(("http://", "https://")):
        raise SettingsError("OTEL_EXPORTER_OTLP_ENDPOINT must look like http://HOST:4318")
    from streams.tracing.otel import OpenTelemetryTracer  # noqa: PLC0415  nothing of it is loaded where it is off

    return OpenTelemetryTracer(endpoint.rstrip("/"), settings.otel_traces_sampler_arg, component)
