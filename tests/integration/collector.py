"""A collector of traces that speaks OTLP over HTTP, and keeps what it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class SentSpan:
    """A span as it arrived. Times are ns since 1970 UTC."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int
    error: str


class Collector:
    """Listens on a free port of the loopback interface for as long as the context lasts."""

    def __init__(self) -> None:
        self.spans: list[SentSpan] = []
        app = web.Application()
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app)
        self.url = ""

    def traces(self) -> dict[str, list[SentSpan]]:
        """Return the spans by their trace."""
        found: dict[str, list[SentSpan]] = {}
        for span in self.spans:
            found.setdefault(span.trace_id, []).append(span)
        return found

    async def __aenter__(self) -> Collector:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        message: Any = ExportTraceServiceRequest()
        message.ParseFromString(await request.read())
        for of_resource in message.resource_spans:
            known = {each.key: each.value.string_value for each in of_resource.resource.attributes}
            for of_scope in of_resource.scope_spans:
                self.spans += [
                    SentSpan(
                        known["service.name"],
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                        span.status.message,
                    )
                    for span in of_scope.spans
                ]
        return web.Response(content_type="application/x-protobuf")
