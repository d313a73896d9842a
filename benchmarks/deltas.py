"""What a board's deltas save: bytes, and the service's CPU, against the whole board sent to all.

One board of 500 rows changes as on a busy day: prices and volumes of most rows each second, and the order.
All clients ask for compression. Each way of subscribing has a service of its own; CPU is its process's for
one board and all clients, the system's share (which is the sockets') apart.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import time
from multiprocessing.connection import Connection
from typing import Any, Final, cast

import msgspec
import psutil
import uvloop
from redis.asyncio import Redis
from websockets.frames import Frame, Opcode

from benchmarks.crowd import DEFLATE, HANDSHAKE, raise_limit
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds.service import WidgetDataService

BOARD: Final = "scanners:top_volume"
ROWS: Final = 500
COLUMNS: Final = 20
MOVING: Final = 0.6
"""Share of the rows that change between two boards."""
FEW: Final = ("close", "pct_change", "rank", "accumulated_volume")
WAYS: Final[dict[str, dict[str, Any]]] = {
    "bare": {},
    "value": {"snapshot": True},
    "delta": {"delta": True},
    "delta_of_4_fields": {"delta": True, "fields": FEW},
}
PATIENCE_S: Final = 60.0


class Market:
    """A board that changes."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        self._rows = [self._row(number) for number in range(ROWS)]

    def next(self) -> bytes:
        """Return the next board."""
        chance = self._random
        for row in self._rows:
            if chance.random() < MOVING:
                row["close"] = round(row["close"] * chance.uniform(0.99, 1.01), 2)
                row["pct_change"] = round(row["pct_change"] + chance.uniform(-0.1, 0.1), 4)
                row["volume"] = float(chance.randrange(50_000))
                row["accumulated_volume"] += row["volume"]
                row["relative_volume"] = round(row["accumulated_volume"] / 1e6, 4)
                row["end_timestamp"] += 1_000
        self._rows.sort(key=lambda row: -row["accumulated_volume"])
        return msgspec.json.encode([{"rank": rank, **row} for rank, row in enumerate(self._rows, 1)])

    def _row(self, number: int) -> dict[str, Any]:
        still = {f"prev_day_{column}": round(self._random.uniform(1, 99), 4) for column in range(COLUMNS)}
        return {
            "symbol": f"S{number}", "close": self._random.uniform(1, 99), "pct_change": 0.0, "volume": 0.0,
            "accumulated_volume": self._random.expovariate(1e-6), "relative_volume": 1.0,
            "end_timestamp": 1_499_697_000_000, **still,
        }  # fmt: skip


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes) -> None:
        self._request = request
        self.received = 0
        self._is_open = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write((HANDSHAKE + DEFLATE + "\r\n").encode())

    def data_received(self, data: bytes) -> None:
        if not self._is_open:
            self._is_open = True
            self._transport.write(self._request)
        self.received += len(data)


def _serve(redis: str, pipe: Connection) -> None:
    raise_limit()

    async def run() -> None:
        settings = Settings.model_validate(
            {"mdc_redis_url": redis, "wdc_redis_url": redis, "wds_host": "127.0.0.1", "wds_port": 0,
             "auth_enabled": False}
        )  # fmt: skip
        async with WidgetDataService(settings) as service:
            pipe.send(service.port)
            await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    uvloop.run(run())


async def _measure(redis: str, wish: dict[str, Any], clients: int, boards: int) -> dict[str, float]:
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    server = context.Process(target=_serve, args=(redis, its), daemon=True)
    server.start()
    try:
        port = await asyncio.to_thread(ours.recv)
        request = Frame(
            Opcode.TEXT, msgspec.json.encode({"action": "subscribe", "feed": BOARD, **wish})
        ).serialize(mask=True)
        loop, crowd, market = asyncio.get_running_loop(), [], Market()
        async with Redis.from_url(redis) as client:
            await _put(client, market.next())
            for _ in range(clients):
                _, one = await loop.create_connection(lambda: _Client(request), "127.0.0.1", port)
                crowd.append(one)
            await _quiet(crowd)
            process, latencies = psutil.Process(server.pid), []
            before = sum(one.received for one in crowd)
            cpu = process.cpu_times()
            for _ in range(boards):
                started = time.monotonic()
                await _put(client, market.next())
                latencies.append(await _quiet(crowd) - started)
            used = process.cpu_times()
            sent = sum(one.received for one in crowd) - before
    finally:
        server.kill()
        server.join()
    return {
        "cpu_ms": round((used.user - cpu.user) / boards * 1e3, 1),
        "system_ms": round((used.system - cpu.system) / boards * 1e3, 1),
        "bytes": round(sent / boards / clients),
        "last_client_ms": round(sorted(latencies)[boards // 2] * 1e3, 1),
    }


async def _put(client: Redis, board: bytes) -> None:
    async with client.pipeline(transaction=True) as pipeline:
        pipeline.set(BOARD, board)
        pipeline.publish(BOARD, board)
        await pipeline.execute()


async def _quiet(crowd: list[_Client]) -> float:
    """Wait until nothing has come for a while; return when the last came, to 10 ms."""
    received, since = -1, time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        while time.monotonic() - since < 0.5:
            now = sum(one.received for one in crowd)
            if now != received:
                received, since = now, time.monotonic()
            await asyncio.sleep(0.01)
    return since


async def _run(clients: int, boards: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"name": "deltas", "clients": clients, "board_bytes": len(Market().next())}
    async with RedisServer() as server:
        for way, wish in WAYS.items():
            measured = await _measure(server.url(), wish, clients, boards)
            figures |= {f"{way}_{key}": value for key, value in measured.items()}
    figures["bytes_saved"] = round(1 - figures["delta_bytes"] / figures["bare_bytes"], 3)
    figures["cpu_ratio"] = round(figures["delta_cpu_ms"] / max(1, figures["bare_cpu_ms"]), 2)
    return figures


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench deltas", description=__doc__)
    parser.add_argument("--clients", type=int, default=1_000, help="how many clients")
    parser.add_argument("--boards", type=int, default=8, help="how many boards are published")
    options = parser.parse_args(argv)
    raise_limit()
    return uvloop.run(_run(options.clients, options.boards))
