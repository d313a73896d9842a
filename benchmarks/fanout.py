"""How fast the WDS is: from a value published in Redis to the last of its clients.

In the same run: the floor, a bare asyncio server that writes one prebuilt frame to every transport; and the
naive loop, FastAPI awaiting send_text for one client after the other. Each server and the crowd of clients
have processes of their own. Rates are messages delivered, over all clients; on a machine that does other
work too, those per second of the server's processor time tell more, and the ratios more than the rates.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from benchmarks import rivals
from benchmarks.crowd import Case, raise_limit, visit
from streams.local.redis import RedisServer

KILOBYTE: Final = 1_000
SMALL, BOARD, LARGE = 500, 100 * KILOBYTE, 150 * KILOBYTE
CLIENTS: Final = (100, 1_000, 5_000)
HEADLINE_CLIENTS: Final = 500
COMPRESSED_CLIENTS: Final = 100
IDLE_CLIENTS: Final = 1_000
READERS: Final = 450
NOT_READING: Final = 50
"""A tenth of all, beside those who read."""
FEW: Final = 2
"""Payloads under way where little waits that could be sent together."""
SHARED_RATE: Final = 100.0
ROUNDS: Final = 3
PATIENCE_S: Final = 180.0
SPARE_FILES: Final = 200

Figures = dict[str, Any]


def measure(case: Case, redis: str) -> Figures:
    """Run one case: a server and its crowd.

    Raises:
        TimeoutError: It did not end in time.
    """
    context = multiprocessing.get_context("spawn")
    to_server, for_server = context.Pipe()
    to_crowd, for_crowd = context.Pipe()
    server = context.Process(target=rivals.be, args=(case, redis, for_server), daemon=True)
    server.start()
    crowd = None
    try:
        port = _receive(to_server)
        crowd = context.Process(target=visit, args=(case, port, redis, server.pid, for_crowd), daemon=True)
        crowd.start()
        figures = _receive(to_crowd)
        if figures == "go":
            to_server.send("go")
            figures = _receive(to_crowd)
        if case.server == "service" and case.workers == 1:
            to_server.send("counters")
            figures["dropped"] = _receive(to_server)
    finally:
        for process in (server, crowd):
            if process is not None:
                process.kill()
                process.join()
    return {**dataclasses.asdict(case), **figures}


def _receive(pipe: Any) -> Any:  # noqa: ANN401  whatever was sent
    if not pipe.poll(PATIENCE_S):
        raise TimeoutError("the other process says nothing")
    return pipe.recv()


class Bench:
    """All cases of one run.

    Args:
        redis: URL of the Redis in between.
        seconds: Length of each measurement.
        rounds: How often cases that are compared are measured, in turns; the middle counts.
    """

    def __init__(self, redis: str, seconds: float, rounds: int) -> None:
        self._redis = redis
        self._seconds = seconds
        self._rounds = rounds
        self._started_at = time.monotonic()
        self.cases: list[Figures] = []

    def run(self, case: Case) -> Figures:
        """Measure one case, keep it, and say so."""
        figures = measure(case, self._redis)
        self.cases.append(figures)
        shown = ", ".join(
            f"{name} {figures[name]}"
            for name in ("messages_per_s", "p99_ms", "client_kib")
            if name in figures
        )
        told = f"{case.server}, {case.clients} clients, {case.size} B" + (
            ", compressed" if case.compressed else ""
        )
        print(f"{time.monotonic() - self._started_at:4.0f} s  {told}: {shown}", file=sys.stderr, flush=True)
        return figures

    def case(self, server: str, clients: int, size: int, **more: Any) -> Case:  # noqa: ANN401  a case's fields
        """Return a case of this run's length."""
        return Case(server, clients, size, **{"seconds": self._seconds, **more})

    def compare(self, *cases: Case) -> list[list[Figures]]:
        """Measure cases in turns; return the figures of each."""
        rounds = [[self.run(case) for case in cases] for _ in range(self._rounds)]
        return [list(measured) for measured in zip(*rounds, strict=True)]

    def headline(self) -> Figures:
        """Compare with the floor and the naive loop."""
        crowd = (HEADLINE_CLIENTS, SMALL)
        floor, service, few, naive = self.compare(
            self.case("floor", *crowd),
            self.case("service", *crowd),
            self.case("service", *crowd, window=FEW),
            self.case("naive", *crowd),
        )
        return {
            "messages_per_s": _middle(service),
            "floor_messages_per_s": _middle(floor),
            "naive_messages_per_s": _middle(naive),
            "ratio": _ratio(service, floor),
            "ratio_few_under_way": _ratio(few, floor),
            "cpu_ratio": _ratio(service, floor, "messages_per_cpu_s"),
            "cpu_ratio_few_under_way": _ratio(few, floor, "messages_per_cpu_s"),
            "naive_ratio": _ratio(service, naive),
            "p50_ms": _middle(service, "p50_ms"),
            "p99_ms": _middle(service, "p99_ms"),
            "cpu_percent": _middle(service, "cpu_percent"),
            "bytes_per_s": _middle(service, "bytes_per_s"),
            "dropped": service[-1]["dropped"],
        }

    def compressed(self) -> Figures:
        """Compare with the naive loop where all clients ask for compression."""
        crowd = (COMPRESSED_CLIENTS, BOARD)
        service, naive = self.compare(
            self.case("service", *crowd, compressed=True), self.case("naive", *crowd, compressed=True)
        )
        return {
            "compressed_messages_per_s": _middle(service),
            "compressed_naive_ratio": _ratio(service, naive),
        }

    def latency(self, messages_per_s: float) -> Figures:
        """Measure latency at half of a rate, with and without clients beside them that read nothing."""
        paced = {"rate": messages_per_s / 2 / HEADLINE_CLIENTS, "seconds": 2 * self._seconds}
        alone, beside = self.compare(
            self.case("service", READERS, SMALL, slow_after_s=1.0, **paced),
            self.case(
                "service", READERS + NOT_READING, SMALL, stalled=NOT_READING, slow_after_s=1.0, **paced
            ),
        )
        return {
            "p50_at_half_ms": _middle(alone, "p50_ms"),
            "p99_at_half_ms": _middle(alone, "p99_ms"),
            "p99_not_reading_ms": _middle(beside, "p99_ms"),
            "not_reading_p99_ratio": _ratio(beside, alone, "p99_ms"),
            "not_reading_cut_off": beside[-1]["dropped"].get("cut_off", {}),
        }

    def processes(self) -> Figures:
        """Compare the busiest process of two with one alone, at the same rate."""
        one, two = (
            self.run(self.case("service", IDLE_CLIENTS, SMALL, rate=SHARED_RATE, workers=workers))
            for workers in (1, 2)
        )
        return {
            "workers_messages_per_s": two["messages_per_s"],
            # For each message, for a machine that is busy may not let both come to the full rate.
            "workers_busiest_cpu_ratio": round(_busiest(two) / _busiest(one), 3),
        }

    def matrix(self, clients: Iterable[int]) -> None:
        """Measure the service and the floor over numbers of clients and sizes."""
        for number in clients:
            for size in (SMALL, LARGE):
                for server in ("floor", "service"):
                    self.run(self.case(server, number, size, seconds=min(self._seconds, 1.5)))


def _middle(measured: Sequence[Figures], name: str = "messages_per_s") -> float:
    return round(statistics.median(figures[name] or 0 for figures in measured), 2)


def _ratio(
    measured: Sequence[Figures], reference: Sequence[Figures], name: str = "messages_per_s"
) -> float | None:
    """Return the median of the rounds' ratios: what was measured side by side had the same machine."""
    pairs = [(one[name], other[name]) for one, other in zip(measured, reference, strict=True)]
    if not all(other for _, other in pairs):
        return None
    return float(round(statistics.median(one / other for one, other in pairs), 3))


def _busiest(figures: Figures) -> float:
    """Return the processor time of a server's busiest process for a million messages, in seconds."""
    return float(figures["busiest_cpu_percent"]) * 1e4 / max(int(figures["messages_per_s"]), 1)


def _possible(clients: Sequence[int]) -> list[int]:
    files = raise_limit()
    possible = [number for number in clients if number + SPARE_FILES <= files]
    if left_out := [f"{number:,}" for number in clients if number not in possible]:
        allowed = f"fanout: {files} open files are allowed (ulimit -Hn)"
        print(f"{allowed}: {', '.join(left_out)} clients are left out", file=sys.stderr)
    return possible


async def _with_redis(run: Callable[[str], Figures]) -> Figures:
    async with RedisServer() as server:
        return await asyncio.to_thread(run, server.url())


def main(argv: list[str]) -> Figures:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench fanout", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each measurement")
    parser.add_argument("--quick", action="store_true", help="one short round, no more than 1,000 clients")
    options = parser.parse_args(argv)
    clients = _possible(CLIENTS[:2] if options.quick else CLIENTS)

    def run(redis: str) -> Figures:
        bench = Bench(redis, 1.0 if options.quick else options.seconds, 1 if options.quick else ROUNDS)
        figures = {"name": "fanout", **bench.headline(), **bench.compressed()}
        figures |= bench.latency(figures["messages_per_s"])
        figures["idle_client_kib"] = bench.run(bench.case("service", IDLE_CLIENTS, SMALL, idle=True))[
            "client_kib"
        ]
        figures |= bench.processes()
        bench.matrix(clients)
        return {**figures, "cases": bench.cases}

    return asyncio.run(_with_redis(run))
