"""How fast the WDS is: from a value published in Redis to the last of its clients.

In the same run: the floor, a bare asyncio server that writes one prebuilt frame to every transport; and the
naive loop, FastAPI awaiting send_text for one client after the other. Each server and the crowd of clients
have processes of their own. Rates are messages delivered, over all clients.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import multiprocessing
import statistics
from collections.abc import Sequence
from typing import Any, Final

from benchmarks import rivals
from benchmarks.crowd import Case, visit
from streams.local.redis import RedisServer

KILOBYTE: Final = 1_000
SMALL, BOARD, LARGE = 500, 100 * KILOBYTE, 150 * KILOBYTE
CLIENTS: Final = (100, 1_000, 5_000)
HEADLINE_CLIENTS: Final = 500
COMPRESSED_CLIENTS: Final = 100
ROUNDS: Final = 3
PATIENCE_S: Final = 180.0

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
        if case.server == "service":
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
        rounds: How often the headline's cases are measured; the middle counts.
    """

    def __init__(self, redis: str, seconds: float, rounds: int) -> None:
        self._redis = redis
        self._seconds = seconds
        self._rounds = rounds
        self.cases: list[Figures] = []

    def run(self, server: str, clients: int, size: int, **more: Any) -> Figures:  # noqa: ANN401  a case's fields
        """Measure one case, and keep it."""
        figures = measure(Case(server, clients, size, seconds=self._seconds, **more), self._redis)
        self.cases.append(figures)
        return figures

    def compare(self, servers: Sequence[str], clients: int, size: int, **more: Any) -> dict[str, float]:  # noqa: ANN401
        """Measure servers in turns; return each one's middle rate."""
        rates: dict[str, list[float]] = {server: [] for server in servers}
        for _ in range(self._rounds):
            for server in servers:
                rates[server].append(self.run(server, clients, size, **more)["messages_per_s"])
        return {server: statistics.median(values) for server, values in rates.items()}

    def headline(self) -> Figures:
        """Compare with the floor and the naive loop; measure latency at half the rate, and idle memory."""
        rates = self.compare(("floor", "service", "naive"), HEADLINE_CLIENTS, SMALL)
        deflated = self.compare(("service", "naive"), COMPRESSED_CLIENTS, BOARD, compressed=True)
        full = [case for case in self.cases if case["server"] == "service" and case["size"] == SMALL][-1]
        half = rates["service"] / 2 / HEADLINE_CLIENTS
        at_half = self.run("service", HEADLINE_CLIENTS, SMALL, rate=half)
        stalled = self.run("service", HEADLINE_CLIENTS, SMALL, rate=half, stalled=HEADLINE_CLIENTS // 10)
        idle = self.run("service", 1_000, SMALL, idle=True)
        return {
            "name": "fanout",
            "messages_per_s": round(rates["service"]),
            "floor_messages_per_s": round(rates["floor"]),
            "ratio": round(rates["service"] / rates["floor"], 3),
            "naive_ratio": round(rates["service"] / rates["naive"], 2),
            "compressed_naive_ratio": round(deflated["service"] / deflated["naive"], 1),
            "compressed_messages_per_s": round(deflated["service"]),
            "p50_ms": full["p50_ms"],
            "p99_ms": full["p99_ms"],
            "p50_at_half_ms": at_half["p50_ms"],
            "p99_at_half_ms": at_half["p99_ms"],
            "p99_at_half_stalled_ms": stalled["p99_ms"],
            "idle_client_kib": idle["client_kib"],
            "cpu_percent": full["cpu_percent"],
            "dropped": full["dropped"],
        }

    def matrix(self, clients: Sequence[int]) -> None:
        """Measure the service and the floor over numbers of clients and sizes."""
        for size in (SMALL, LARGE):
            for number in clients:
                for server in ("floor", "service"):
                    self.run(server, number, size)


async def _redis_url(run: Any) -> Figures:  # noqa: ANN401  a callable
    async with RedisServer() as server:
        url = server.url()
        return await asyncio.to_thread(run, url)  # type: ignore[no-any-return]


def main(argv: list[str]) -> Figures:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench fanout", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each measurement")
    parser.add_argument("--quick", action="store_true", help="one short round, no more than 1,000 clients")
    options = parser.parse_args(argv)

    def run(redis: str) -> Figures:
        bench = Bench(redis, 1.0 if options.quick else options.seconds, 1 if options.quick else ROUNDS)
        figures = bench.headline()
        bench.matrix(CLIENTS[:2] if options.quick else CLIENTS)
        return {**figures, "cases": bench.cases}

    return asyncio.run(_redis_url(run))
