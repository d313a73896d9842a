"""How fast the Massive listener is: from a WebSocket, by the vendor's client, to acknowledged Kafka records.

The floor, measured in the same run, takes the same frames over the same kind of connection through the same
client, decodes each to typed events and throws them away.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import random
import time
from multiprocessing.connection import Connection
from typing import Any

import msgspec
import psutil
import uvloop
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode

from streams.events import BatchDecoder, StockEvent
from streams.listeners.massive import MassiveConnection
from streams.listeners.service import MassiveListener
from streams.local.kafka import KafkaServer
from streams.sessions import Session
from streams.settings import Settings
from streams.telemetry import Counters
from streams.topic_admin import create_topics

SYMBOLS = 8_000
FRAMES = 1_000
WRITE_BUFFER = 4 * 1024 * 1024
WARM_UP_S = 2.0
ROUNDS = 3


def make_frames(seed: int = 1) -> tuple[list[bytes], int]:
    """Return frames of 100 to 200 mixed events (60% Q, 30% T, 10% A), and how many events they hold."""
    rng = random.Random(seed)  # noqa: S311  a benchmark's data
    symbols = [f"S{number:04d}" for number in range(SYMBOLS)]
    # Heavy-tailed, as the market is: few symbols have most of the events.
    weights = [1 / (rank + 20) for rank in range(SYMBOLS)]
    frames, events = [], 0
    for _ in range(FRAMES):
        chosen = rng.choices(symbols, weights, k=rng.randint(100, 200))
        events += len(chosen)
        frames.append(msgspec.json.encode([_event(rng, symbol) for symbol in chosen]))
    return frames, events


def _event(rng: random.Random, symbol: str) -> dict[str, Any]:
    kind, now = rng.random(), 1_700_000_000_000 + rng.randrange(1_000_000)
    price, size = round(rng.uniform(1, 500), 2), rng.randrange(1, 1000)
    event: dict[str, Any] = {"ev": "Q", "sym": symbol}
    if kind < 0.6:
        event |= {
            "bx": 4,
            "bp": price,
            "bs": size,
            "ax": 7,
            "ap": price + 0.01,
            "as": size,
            "c": 0,
            "i": [604],
        }
        event |= {"t": now, "q": rng.randrange(10**8), "z": 3}
    elif kind < 0.9:
        event |= {
            "ev": "T",
            "x": 4,
            "i": str(rng.randrange(10**5)),
            "z": 3,
            "p": price,
            "s": size,
            "c": [0, 12],
        }
        event |= {"t": now, "q": rng.randrange(10**8)}
    else:
        event |= {"ev": "A", "v": size, "av": size * 1000, "op": price, "vw": price, "o": price, "c": price}
        event |= {"h": price, "l": price, "a": price, "z": 50, "s": now, "e": now + 1000}
    return event


def vendor(pipe: Connection) -> None:
    """Be the vendor, in a process of its own: send ready-made frames as fast as they are taken."""
    frames, events = make_frames()
    wire = [Frame(Opcode.TEXT, frame).serialize(mask=False) for frame in frames]
    uvloop.run(_serve(wire, events, pipe))


async def _serve(wire: list[bytes], events: int, pipe: Connection) -> None:
    async def session(connection: ServerConnection) -> None:
        await connection.send('[{"ev":"status","status":"connected","message":"Connected Successfully"}]')
        await connection.recv()
        await connection.send('[{"ev":"status","status":"auth_success","message":"authenticated"}]')
        await connection.recv()
        transport = connection.transport
        for number in itertools.cycle(range(0, len(wire), 10)):
            if transport.is_closing():
                return
            try:
                transport.write(b"".join(wire[number : number + 10]))
            except RuntimeError:  # closed between the look and the write
                return
            # A transport written to directly, past the connection's own flow control, sets no event.
            while transport.get_write_buffer_size() > WRITE_BUFFER and not transport.is_closing():  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async with serve(session, "127.0.0.1", 0, compression=None) as server:
        pipe.send((server.sockets[0].getsockname()[1], events))
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)


async def _measure_floor(settings: Settings, seconds: float) -> float:
    """Return events a second that the client hands over and that are decoded and thrown away."""
    decode = BatchDecoder(StockEvent).decode
    count = 0

    async def take(frame: bytes) -> None:
        nonlocal count
        count += len(decode(frame)[0])

    connection = MassiveConnection(settings, take, lambda: False, Counters())
    running = asyncio.create_task(connection.connect(lambda: None))
    await asyncio.sleep(WARM_UP_S)
    before, start = count, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (count - before) / (time.perf_counter() - start)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return rate


async def _measure_listener(settings: Settings, seconds: float) -> tuple[float, int, float]:
    """Return acknowledged events a second, how many were dropped, and the CPU of this process in percent."""
    process = psutil.Process()
    async with MassiveListener(settings, lambda: Session.REGULAR) as listener:
        await asyncio.sleep(WARM_UP_S)
        process.cpu_percent()
        before, start = listener.counters.total("events_acknowledged"), time.perf_counter()
        await asyncio.sleep(seconds)
        rate = (listener.counters.total("events_acknowledged") - before) / (time.perf_counter() - start)
        cpu = process.cpu_percent()
    return rate, listener.counters.total("dropped"), cpu


async def _bench(port: int, seconds: float) -> dict[str, Any]:
    rounds: list[tuple[float, float, float, float]] = []
    dropped = 0
    async with KafkaServer() as kafka:
        settings = Settings(
            kafka_bootstrap=kafka.bootstrap,
            massive_feed=f"ws://127.0.0.1:{port}",
            massive_api_key=SecretStr("benchmark"),
        )
        await create_topics(settings)
        for _ in range(ROUNDS):
            floor = await _measure_floor(settings, seconds)
            rate, lost, cpu = await _measure_listener(settings, seconds)
            rounds.append((rate / floor, rate, floor, cpu))
            dropped += lost
    # The round in the middle: whatever else ran on the machine in one of them does not count.
    ratio, rate, floor, cpu = sorted(rounds)[ROUNDS // 2]
    return {
        "name": "listener",
        "events_per_s": round(rate),
        "floor_events_per_s": round(floor),
        "ratio": round(ratio, 3),
        "dropped": dropped,
        "cpu_percent": round(cpu, 1),
    }


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench listener", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
    options = parser.parse_args(argv)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=vendor, args=(theirs,), daemon=True)
    child.start()
    try:
        port, _ = ours.recv()
        return uvloop.run(_bench(port, options.seconds))
    finally:
        ours.send(None)
        child.join(5)
        child.kill()
