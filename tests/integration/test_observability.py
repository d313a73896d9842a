"""Metrics, traces and logs of a running installation, as operators get them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from streams.local.doctor import Check
from streams.metrics import catalogue
from streams.platform.checkup import examine_installation
from streams.settings import Settings
from tests.integration.collector import Collector, SentSpan
from tests.integration.pipeline import Pipeline
from tests.integration.recordings import synthetic_segments, write_recording
from tests.integration.workers import eventually
from tests.metrics.scrape import Samples, scrape, total

WAY = ["listener batch", "apply", "emit", "dispatch"]


def ways(spans: list[SentSpan]) -> Iterator[list[SentSpan]]:
    """Yield the ways through a trace, from its first span to each last one."""
    children: dict[str, list[SentSpan]] = {}
    for span in spans:
        children.setdefault(span.parent_id, []).append(span)

    def follow(span: SentSpan) -> Iterator[list[SentSpan]]:
        further = [way for child in children.get(span.span_id, []) for way in follow(child)]
        for way in further or [[]]:
            yield [span, *way]

    for first in children.get("", []):
        yield from follow(first)


async def metrics(settings: Settings, worker_port: int) -> tuple[Samples, Samples, Samples]:
    """Return the listener's, the worker's and the WDS's."""
    ports = (settings.listener_port, worker_port, settings.wds_port)
    listener, worker, wds = await asyncio.gather(*map(scrape, ports))
    return listener, worker, wds


async def test_a_batch_can_be_followed_from_the_listener_to_the_clients(pipeline: Pipeline) -> None:
    async with Collector() as collector:
        settings = pipeline.settings
        settings.otel_exporter_otlp_endpoint = collector.url
        settings.otel_traces_sampler_arg = 1.0
        settings.log_format = "json"
        async with pipeline.running():
            (worker,) = pipeline.workers.running()
            before = await metrics(settings, worker.port)
            (frames,) = synthetic_segments([4])
            recording = write_recording(pipeline.folder / "frames.ndjson", frames)
            async with pipeline.vendor(recording) as simulator:
                await pipeline.played(simulator)
                await eventually(lambda: has_whole_way(collector))
                after = await metrics(settings, worker.port)
                settings.massive_rest_url = simulator.rest_url
                checks = {check.name: check for check in await examine_installation(settings)}
    expect_figures(before, after, simulator.status()["events_sent"])
    expect_traces(collector)
    expect_checks(checks)
    expect_logs(pipeline.folder)


async def has_whole_way(collector: Collector) -> bool:
    found = [way for spans in collector.traces().values() for way in ways(spans)]
    return any([span.name for span in way] == WAY for way in found)


def expect_figures(before: tuple[Samples, ...], after: tuple[Samples, ...], sent: int) -> None:
    listener, worker, wds = after
    assert total(before[0], "streams_listener_events_total") == 0
    assert total(listener, "streams_listener_events_total") == sent
    assert total(listener, "streams_listener_events_acknowledged_total") == sent
    assert total(listener, "streams_listener_events_dropped_total") == 0
    assert total(listener, "streams_listener_connected", component="massive-listener") == 1
    bars = total(listener, "streams_listener_events_acknowledged_total", topic="aggregates")
    assert 0 < total(worker, "streams_worker_events_total", component="scanner") <= bars
    assert total(worker, "streams_worker_lag_records") == 0
    assert len([name for name, _ in worker if name == "streams_worker_lag_seconds"]) >= 4
    assert total(worker, "streams_emitter_redis_up") == 2
    assert abs(total(worker, "streams_emitter_clock_offset_seconds", database="wdc")) < 5
    assert total(worker, "streams_table_rows", table="symbols") > 0
    assert total(worker, "streams_table_flush_seconds_count", table="symbols") > 0
    assert total(wds, "streams_wds_clients") == 4
    assert total(wds, "streams_wds_delivered_total") > 0
    stages = {"kafka": listener, "applied": worker, "flushed": worker, "published": worker, "dispatched": wds}
    for stage, samples in stages.items():
        assert total(samples, "streams_latency_seconds_count", stage=stage) > 0, stage
    for samples in after:
        assert total(samples, "process_resident_memory_bytes") > 0
        ours = {name for name, _ in samples if name.startswith("streams_")}
        assert ours <= set(catalogue.names())
        assert len(samples) < 1_000


def expect_traces(collector: Collector) -> None:
    complete = [
        way for spans in collector.traces().values() for way in ways(spans) if [s.name for s in way] == WAY
    ]
    for way in complete:
        assert [span.service for span in way] == ["massive-listener", "scanner", "scanner", "wds"]
        assert all(span.start_ns <= span.end_ns for span in way)
        assert [span.start_ns for span in way] == sorted(span.start_ns for span in way)
    assert {span.name for span in collector.spans} == {*WAY, "flush"}


def expect_checks(checks: dict[str, Check]) -> None:
    well = {"KAFKA_BOOTSTRAP", "topics", "partitions", "app scanner", "MDC_REDIS_URL", "WDC_REDIS_URL"}
    well |= {"Massive listener", "vendor's key", "keys of clients"}
    assert well <= {name for name, check in checks.items() if check.ok}, checks
    assert checks["app trades"].detail == "no worker runs"


def expect_logs(folder: Path) -> None:
    for name in ("listener.log", "wds.log", "worker-0.log"):
        lines = [
            json.loads(line) for line in (folder / name).read_text().splitlines() if line.startswith("{")
        ]
        assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
        assert lines, name
