"""Traces: begun by share, followed by their header, exported when asked, and nothing loaded when off."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import records
from streams.errors import SettingsError
from streams.settings import Settings
from streams.telemetry import JsonFormatter
from streams.tracing import NO_TRACER, Tracer, make_tracer
from tests.integration.collector import Collector


def settings(url: str, share: float = 1.0) -> Settings:
    return Settings(otel_exporter_otlp_endpoint=url, otel_traces_sampler_arg=share)


def away(share: float = 1.0) -> Tracer:
    return make_tracer(settings("http://127.0.0.1:1", share), "test")


UNSAMPLED = st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", fullmatch=True)


@pytest.fixture(scope="module")
def tracer() -> Tracer:
    return away()


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"otel_exporter_otlp_endpoint": ""},
        {"otel_exporter_otlp_endpoint": "http://collector:4318", "otel_sdk_disabled": True},
        {"otel_exporter_otlp_endpoint": "http://collector:4318", "otel_traces_sampler_arg": 0},
    ],
)
def test_nothing_is_traced_unless_it_is_asked_for(chosen: dict[str, object]) -> None:
    assert make_tracer(Settings.model_validate(chosen), "test") is NO_TRACER


def test_an_address_that_cannot_be_used_is_an_error_at_the_start() -> None:
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        make_tracer(settings("collector:4318"), "test")


def test_nothing_that_traces_is_loaded_while_it_is_off() -> None:
    # Of OpenTelemetry's API and metrics: FastAPI and redis load them wherever they are installed.
    program = (
        "import sys, streams.listeners.service, streams.wds.service, streams.worker;"
        "print([name for name in sys.modules if name.startswith(("
        "'opentelemetry.exporter', 'opentelemetry.proto', 'google.protobuf'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_spans_are_exported_with_their_parents_times_and_errors() -> None:
    async with Collector() as collector:
        exporting = make_tracer(settings(collector.url), "test")
        start_ns = time.time_ns() - 5_000_000_000
        first = exporting.sample("first", start_ns, {"streams.events": 3})
        assert first is not None
        header = records.headers(1, "massive", first.traceparent)[-1]
        assert header[0] == "traceparent"
        second = exporting.follow(records.traceparent([header]), "second", start_ns + 1, {})
        assert second is not None
        second.end(error="lost")
        first.end()
        await asyncio.to_thread(exporting.close)
    parent, child = sorted(collector.spans, key=lambda span: span.start_ns)
    assert (parent.service, parent.name, parent.start_ns, parent.error) == ("test", "first", start_ns, "")
    assert (child.name, child.parent_id, child.trace_id) == ("second", parent.span_id, parent.trace_id)
    assert child.error == "lost"
    assert parent.end_ns - start_ns >= 5_000_000_000


@given(traceparent=st.one_of(st.none(), st.text(max_size=80), UNSAMPLED))
def test_what_is_no_sampled_trace_begins_nothing(tracer: Tracer, traceparent: str | None) -> None:
    assert tracer.follow(traceparent, "step", 0, {}) is None


def test_a_trace_of_zeros_begins_nothing(tracer: Tracer) -> None:
    assert tracer.follow(f"00-{'0' * 32}-{'0' * 16}-01", "step", 0, {}) is None


def test_one_in_so_many_is_sampled() -> None:
    some = away(0.25)
    begun = sum(some.sample("step", 0, {}) is not None for _ in range(4_000))
    assert 800 < begun < 1_200


def test_a_collector_that_is_away_holds_nobody_up_at_the_end() -> None:
    waiting = away()
    for _ in range(100):
        span = waiting.sample("step", 0, {})
        assert span is not None
        span.end()
    started = time.monotonic()
    waiting.close()
    assert time.monotonic() - started < 30


def test_log_records_within_a_traced_step_carry_its_trace(tracer: Tracer) -> None:
    span = tracer.sample("step", 0, {})
    assert span is not None
    record = logging.LogRecord("test", logging.WARNING, "", 0, "a %s", ("thing",), None)
    with span.active():
        within = json.loads(JsonFormatter().format(record))
    outside = json.loads(JsonFormatter().format(record))
    assert within["trace_id"] == span.traceparent.split("-")[1]
    assert "trace_id" not in outside
    assert (within["level"], within["message"]) == ("WARNING", "a thing")


def test_an_error_in_a_log_record_stays_on_its_line() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        record = logging.LogRecord("test", logging.ERROR, "", 0, "it\nfailed", (), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["error"]
