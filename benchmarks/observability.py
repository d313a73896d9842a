"""What metrics, traces and JSON logs cost the two that move every event: the listener and a worker.

Each is measured with nothing on (no scrape, no trace, logs as text) and with all on (scraped once a second,
traces at the default share sent to a collector, logs as JSON): the listener in turns, workers both at once,
so that other load on the machine slows them alike. A pair's ratio compares how many events a second of CPU
time carries; the median of the pairs counts. What always runs, on or off, is timed by itself: ``batch_us``
for each batch of a worker.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

import psutil
import uvloop
from pydantic import SecretStr

from benchmarks import listener
from benchmarks.events import SYMBOLS, bars
from benchmarks.prefilled import Workload, fill, measure_worker, repeating
from benchmarks.worker import scrape
from streams.events import Aggregate, BatchDecoder, MinuteAggregate
from streams.listeners.control import bind, make_app, serve
from streams.listeners.service import MassiveListener
from streams.local.stack import LocalStack
from streams.passage import Passage
from streams.sessions import Session
from streams.settings import Settings
from streams.telemetry import Counters
from streams.topic_admin import create_topics
from streams.topics import AGGREGATES

BATCHES = 20_000


class _Sink(BaseHTTPRequestHandler):
    """A collector that takes spans and forgets them."""

    def do_POST(self) -> None:
        """Take them."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _collect(pipe: Connection) -> None:
    """Be the collector, in a process of its own, until told to end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(server.server_address[1])
    pipe.recv()


def _workload(events: int) -> Workload:
    """Return bars to read, made once for all rounds."""
    made = cache(lambda partitions: list(bars(events, SYMBOLS, partitions)))
    decode = BatchDecoder[Aggregate](Aggregate | MinuteAggregate).decode
    return Workload("scanner", AGGREGATES, lambda partitions: iter(made(partitions)), decode, SYMBOLS)


async def _worker_pair(stack: LocalStack, name: str, work: Workload, collector: str) -> float:
    """Return what a second of CPU time carries with everything on, in shares of that with nothing on.

    Both workers read at once, each its own topic with the same events: whatever else the machine does
    slows them alike.
    """

    async def carried(prefix: str, collector: str | None) -> float:
        environment = {**stack.environment(), "KAFKA_TOPIC_PREFIX": prefix}
        if collector is not None:
            environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "LOG_FORMAT": "json"}
        is_on = collector is not None
        rate, cpu_percent, _, _ = await measure_worker(environment, "scanner", sent, scraped=is_on)
        return rate / (cpu_percent / 100)

    prefixes = f"{name}on.", f"{name}off."
    for prefix in prefixes:
        settings = Settings(kafka_bootstrap=stack.bootstrap, kafka_topic_prefix=prefix)
        await create_topics(settings)
        sent = await fill(settings, work, settings.otel_traces_sampler_arg)
    on, off = await asyncio.gather(carried(prefixes[0], collector), carried(prefixes[1], None))
    return on / off


async def _listener_round(settings: Settings, seconds: float, collector: str | None) -> float:
    """Return the events that a second of the listener's CPU time carries."""
    settings = settings.model_copy(update={"otel_exporter_otlp_endpoint": collector})
    listening = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/metrics"
    process = psutil.Process()
    async with (
        MassiveListener(settings, lambda: Session.REGULAR) as running,
        serve(make_app(running), listening),
    ):

        async def measured() -> float:
            await asyncio.sleep(listener.WARM_UP_S)
            before, cpu = running.counters.total("events_acknowledged"), process.cpu_times()
            await asyncio.sleep(seconds)
            after = process.cpu_times()
            used = after.user + after.system - cpu.user - cpu.system
            return (running.counters.total("events_acknowledged") - before) / used

        if collector is None:
            return await measured()
        async with repeating(lambda: asyncio.to_thread(scrape, url)):
            return await measured()


def _batch_us() -> float:
    """Return what a worker's bookkeeping of a batch costs, in µs of CPU time."""
    counters, passage = Counters(), Passage("benchmark")
    passage.follow()
    now_ms = int(time.time() * 1000)
    started = time.thread_time()
    for _ in range(BATCHES):
        passage.begin(now_ms)
        counters.observe("event_delay", time.time() - now_ms / 1000, reason="aggregates")
        counters.observe("latency", time.time() - now_ms / 1000, reason="applied")
        passage.end(now_ms, None)
    return (time.thread_time() - started) / BATCHES * 1e6


async def _bench(port: int, collector: str, pairs: int, seconds: float, events: int) -> dict[str, Any]:
    ratios: dict[str, list[float]] = {"listener": [], "worker": []}
    work = _workload(events)
    async with LocalStack(Settings(), docker=False) as stack:
        settings = Settings(
            kafka_bootstrap=stack.bootstrap,
            kafka_topic_prefix="listener.",
            massive_feed=f"ws://127.0.0.1:{port}",
            massive_api_key=SecretStr("benchmark"),
        )
        await create_topics(settings)
        for number in range(pairs):
            # Who is first takes turns, too.
            order = (None, collector) if number % 2 == 0 else (collector, None)
            of_listener = {where: await _listener_round(settings, seconds, where) for where in order}
            ratios["listener"].append(of_listener[collector] / of_listener[None])
            ratios["worker"].append(await _worker_pair(stack, f"round{number}", work, collector))
            told = ", ".join(f"{name} {each[-1]:.3f}" for name, each in ratios.items())
            print(f"pair {number + 1} of {pairs}: {told}", file=sys.stderr, flush=True)
    medians = {name: round(statistics.median(each), 4) for name, each in ratios.items()}
    return {
        "name": "observability",
        "ratio": min(medians.values()),
        "listener_ratio": medians["listener"],
        "worker_ratio": medians["worker"],
        "listener_ratios": [round(each, 3) for each in ratios["listener"]],
        "worker_ratios": [round(each, 3) for each in ratios["worker"]],
        "batch_us": round(_batch_us(), 2),
        "sampled": Settings().otel_traces_sampler_arg,
    }


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench observability", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="how many times on and off are compared")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each run of the listener")
    parser.add_argument("--events", type=int, default=1_600_000, help="events of each run of the worker")
    options = parser.parse_args(argv)
    context = multiprocessing.get_context("spawn")
    pipes, children = [], []
    try:
        for target in (listener.vendor, _collect):
            ours, theirs = context.Pipe()
            child = context.Process(target=target, args=(theirs,), daemon=True)
            child.start()
            pipes.append(ours)
            children.append(child)
        port, _ = pipes[0].recv()
        collector = f"http://127.0.0.1:{pipes[1].recv()}"
        return uvloop.run(_bench(port, collector, options.pairs, options.seconds, options.events))
    finally:
        for pipe, child in zip(pipes, children, strict=True):
            pipe.send(None)
            child.join(5)
            child.kill()
