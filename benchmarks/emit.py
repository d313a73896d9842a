"""What a flush of many values to Redis costs the emitter's process, by way of writing them.

The ways: redis-py's pipeline of SET and PUBLISH (the floor), the same commands packed straight into the
socket with nothing but a count of the replies (raw), and the emitter's script calls, closed at several sizes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlsplit

import hiredis
import psutil
from msgspec.json import encode
from pydantic import SecretStr
from redis.asyncio import Redis

from streams import feeds
from streams.emit import commands
from streams.emit.link import Link
from streams.local.redis import RedisServer

FIELDS: Final = 30
TIMEOUT_S: Final = 10.0
SIZES: Final = (16, 64, 256, 1_024)
"""Sizes at which a script call is closed, in KiB."""

Values = list[tuple[str | None, bytes]]
Way = dict[str, float]


def rows(symbols: int) -> Values:
    """Return rows of some 700 bytes, as alike as a scanner's: the same fields, other numbers."""
    chance = random.Random(1)
    return [
        (
            f"S{number}",
            encode({f"a_field_{field}": round(chance.uniform(1, 500), 4) for field in range(FIELDS)}),
        )
        for number in range(symbols)
    ]


async def pipeline(url: str, values: Values) -> None:
    """Write with redis-py's pipeline, 500 values in a round trip."""
    async with Redis.from_url(url) as client:
        for start in range(0, len(values), 500):
            batch = client.pipeline(transaction=False)
            for symbol, value in values[start : start + 500]:
                key = feeds.QUOTE.key(symbol)
                batch.set(key, value, ex=feeds.QUOTE.ttl)
                batch.publish(key, value)
            await batch.execute()


async def raw(url: str, values: Values) -> None:
    """Write packed commands to a bare connection, 500 values in a round trip, and count the replies."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    reader, writer = await asyncio.open_connection(host, port)
    for start in range(0, len(values), 500):
        parts: list[bytes] = []
        for symbol, value in values[start : start + 500]:
            key = feeds.QUOTE.key(symbol)
            parts.append(hiredis.pack_command(("SET", key, value, "EX", feeds.QUOTE.ttl)))  # type: ignore[arg-type]
            parts.append(hiredis.pack_command(("PUBLISH", key, value)))  # type: ignore[arg-type]
        writer.write(b"".join(parts))
        replies = 0
        while replies < len(parts):
            replies += (await reader.read(65_536)).count(b"\r\n")
    writer.close()
    await writer.wait_closed()


async def script(link: Link, values: Values) -> None:
    """Write as the emitter does: over one connection that stays."""
    await link.send(list(commands.set_calls(feeds.QUOTE, values, [])))


async def measure(write: Callable[[], Awaitable[None]], server: psutil.Process, rounds: int) -> Way:
    """Return ms of this process's CPU, of Redis's, and of wall time for one flush."""
    await write()
    wall, cpu, redis = time.perf_counter(), time.process_time(), sum(server.cpu_times()[:2])
    for _ in range(rounds):
        await write()
    return {
        "client_ms": 1e3 * (time.process_time() - cpu) / rounds,
        "redis_ms": 1e3 * (sum(server.cpu_times()[:2]) - redis) / rounds,
        "wall_ms": 1e3 * (time.perf_counter() - wall) / rounds,
    }


async def compare(symbols: int, rounds: int) -> dict[str, Any]:
    """Measure every way with the rows of ``symbols`` symbols."""
    values = rows(symbols)
    async with RedisServer() as server:
        process, url = psutil.Process(server.pid), server.url()
        ways = {"pipeline": await measure(lambda: pipeline(url, values), process, rounds)}
        ways["raw"] = await measure(lambda: raw(url, values), process, rounds)
        link = Link(SecretStr(url), TIMEOUT_S)
        await link.open()
        for size in SIZES:
            with patch.multiple(commands, CALL_BYTES=size * 1024, CALL_VALUES=symbols):
                ways[f"script_{size}k"] = await measure(lambda: script(link, values), process, rounds)
        await link.close()
    ours, floor = ways["script_64k"]["client_ms"], ways["pipeline"]["client_ms"]
    return {
        "name": "emit",
        "events_per_s": round(1e3 * symbols / ours),
        "floor_events_per_s": round(1e3 * symbols / floor),
        "ratio": round(floor / ours, 2),
        "dropped": {},
        "cpu_percent": round(100 * ours / ways["script_64k"]["wall_ms"]),
        "ways": {name: {unit: round(value, 2) for unit, value in way.items()} for name, way in ways.items()},
    }


def main(argv: Sequence[str]) -> dict[str, Any]:
    """Run the benchmark; returns its figures. Values per second are those of one core of this process."""
    parser = argparse.ArgumentParser(prog="emit", description=__doc__)
    parser.add_argument("--symbols", type=int, default=8_000, help="values in a flush")
    parser.add_argument("--rounds", type=int, default=10, help="flushes for each way")
    arguments = parser.parse_args(argv)
    return asyncio.run(compare(arguments.symbols, arguments.rounds))
