"""How much the whole platform carries on one machine: simulator to WebSocket client, at rising rates.

First with the scanner alone, then with a worker of every app and with news (``with_all_apps``). A rate is
sustained if, while it lasts, the simulator keeps its market clock, nothing is dropped and nothing piles up
between the simulator and the workers. The floor is a client alone, connected to the simulator at its
full speed: it decodes each frame to typed events and throws them away.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import time
from dataclasses import dataclass
from typing import Any

import uvloop
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from streams.demo.latency import LatencyMeter
from streams.demo.options import DemoOptions
from streams.demo.readings import Reader
from streams.demo.spectator import Spectator
from streams.demo.stage import CHANNELS, Stage
from streams.demo.usage import Usage
from streams.events import BatchDecoder, StockEvent
from streams.local.process import ChildProcess, accepts_connections, free_port
from streams.platform.components import OTHER_APPS, SELF
from streams.settings import Settings
from streams.sim.options import SimOptions

START = "2026-11-20T09:35:00-05:00"
"""Market time of the first event: regular trading, past the open's burst of price bands."""
SPEED = 10.0
"""Market seconds a second: the share of bars in the mix stays about a tenth at the highest rates."""
FLOOR_RATE = 2_000_000
RATES = (50_000, 100_000, 150_000, 200_000, 250_000, 300_000, 350_000, 400_000)
SETTLE_S = 4.0
KEPT_UP = 0.97
"""Share of the asked rate that must be sent."""
IN_FLIGHT_S = 0.5
"""Seconds' worth of events that may be under way at the end of a step."""
LAG_RECORDS = 1_000
"""Records that the workers may not have read then: about what the listener makes in a second."""


@dataclass
class Step:
    """One rate: asked for, sent and processed a second; what was dropped; what the components used."""

    asked: int
    sent: float
    processed: float
    in_flight: int
    lag: int
    dropped: int
    cpu_percent: dict[str, float]

    @property
    def is_sustained(self) -> bool:
        """Whether the platform kept up."""
        return (
            self.sent >= KEPT_UP * self.asked
            and self.in_flight <= IN_FLIGHT_S * self.asked
            and self.lag <= LAG_RECORDS
            and not self.dropped
        )


class Pipeline:
    """The platform under a load that can be set."""

    def __init__(self, stage: Stage, spectator: Spectator, seconds: float) -> None:
        self._stage = stage
        self._spectator = spectator
        self._reader = Reader(stage)
        self._seconds = seconds

    async def step(self, rate: int) -> Step:
        """Run at ``rate`` events a second and say how it went."""
        await self._stage.probe.post(self._stage.simulator_url("rate"), {"rate": rate})
        await asyncio.sleep(SETTLE_S)
        usage = Usage()
        usage.look(self._stage.pids)
        before = await self._reader.read()
        await asyncio.sleep(self._seconds)
        after = await self._reader.read()
        usage.look(self._stage.pids)
        seconds = after.at - before.at
        return Step(
            asked=rate,
            sent=(after.account.events_in - before.account.events_in) / seconds,
            processed=(after.account.events_processed - before.account.events_processed) / seconds,
            in_flight=after.account.in_flight,
            lag=after.lag,
            dropped=sum(after.account.dropped.values()) - sum(before.account.dropped.values()),
            cpu_percent=usage.cpu_percent(),
        )

    async def latency(self, rate: int) -> tuple[Step, LatencyMeter]:
        """Run at ``rate`` and time quotes from the simulator's send to a client's receipt."""
        await self._stage.probe.post(self._stage.simulator_url("rate"), {"rate": rate})
        await asyncio.sleep(SETTLE_S)
        self._spectator.latency = LatencyMeter()
        step = await self.step(rate)
        return step, self._spectator.latency


async def _bench(
    rates: list[int], seconds: float, symbols: int, apps: tuple[str, ...] | None
) -> dict[str, Any]:
    floor = await _measure_floor(seconds, symbols)
    if apps is not None:
        return await _climb(rates, seconds, symbols, apps, floor)
    alone = await _climb(rates, seconds, symbols, (), floor)
    return {**alone, "with_all_apps": await _climb(rates, seconds, symbols, OTHER_APPS, floor)}


async def _climb(
    rates: list[int], seconds: float, symbols: int, apps: tuple[str, ...], floor: float
) -> dict[str, Any]:
    market = SimOptions(symbols=symbols, rate=rates[0], speed=SPEED, start=START)
    options = DemoOptions(market=market, apps=apps, wds_port=0, dashboard=False)
    stage = Stage(options, Settings(), lambda _said: None)
    steps: list[Step] = []
    try:
        await stage.start()
        spectator = Spectator(stage.wds_url, stage.key, stage.simulator_url("sent"))
        watching = asyncio.create_task(spectator.run(stage.probe))
        await stage.open_market()
        pipeline = Pipeline(stage, spectator, seconds)
        for rate in rates:
            steps.append(await pipeline.step(rate))
            if not steps[-1].is_sustained:
                break
        best = max((step for step in steps if step.is_sustained), key=lambda step: step.asked, default=None)
        half, latency = await pipeline.latency((best.asked if best else rates[0]) // 2)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    finally:
        await stage.stop()
    p50, p99 = latency.percentiles(50, 99)
    sustained = best.processed if best else 0.0
    return {
        "name": "pipeline",
        "apps": ["scanner", *apps],
        "events_per_s": round(sustained),
        "floor_events_per_s": round(floor),
        "ratio": round(sustained / floor, 3),
        "dropped": sum(step.dropped for step in steps if step.is_sustained),
        "cpu_percent": round(sum(best.cpu_percent.values()), 1) if best else 0.0,
        "cpu_percent_by_component": best.cpu_percent if best else {},
        "latency_at_events_per_s": round(half.sent),
        "latency_ms": {"p50": p50 and round(p50, 1), "p99": p99 and round(p99, 1)},
        "latency_samples": latency.count,
        "cpu_percent_at_half": round(sum(half.cpu_percent.values()), 1),
        "steps": [
            {"asked": s.asked, "sent": round(s.sent), "processed": round(s.processed), "lag": s.lag,
             "in_flight": s.in_flight, "dropped": s.dropped, "sustained": s.is_sustained}
            for s in steps
        ],
    }  # fmt: skip


async def _measure_floor(seconds: float, symbols: int) -> float:
    """Return events a second that a client takes from the simulator and decodes, with nothing in between."""
    ws_port, rest_port = free_port(), free_port()
    options = ("--rate", str(FLOOR_RATE), "--speed", str(SPEED), "--symbols", str(symbols), "--start", START)
    command = [*SELF, "sim", *options, "--ws-port", str(ws_port), "--rest-port", str(rest_port)]
    simulator = ChildProcess("simulator", command, environment=dict(os.environ))
    await simulator.start(lambda: accepts_connections("127.0.0.1", ws_port))
    try:
        return await _read_and_forget(f"ws://127.0.0.1:{ws_port}/stocks", seconds)
    finally:
        await simulator.stop()


async def _read_and_forget(url: str, seconds: float) -> float:
    decode = BatchDecoder[StockEvent](StockEvent).decode
    async with connect(url, compression=None, max_size=None, proxy=None) as client:
        await client.recv()
        await client.send(json.dumps({"action": "auth", "params": "benchmark"}))
        await client.recv()
        await client.send(json.dumps({"action": "subscribe", "params": CHANNELS}))
        await client.recv()
        count, started = 0, time.perf_counter()
        # The simulator cuts off who is slower than it is: what was read until then was read at full speed.
        with contextlib.suppress(ConnectionClosedError):
            while time.perf_counter() < started + seconds:
                count += len(decode(await client.recv(decode=False))[0])
        return count / (time.perf_counter() - started)


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    parser = argparse.ArgumentParser(prog="bench pipeline", description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=list(RATES), help="events a second, rising")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each step")
    parser.add_argument("--symbols", type=int, default=8_000, help="symbols of the market")
    parser.add_argument(
        "--apps", nargs="*", choices=OTHER_APPS, help="only one climb, with these apps beside the scanner"
    )
    options = parser.parse_args(argv)
    apps = None if options.apps is None else tuple(options.apps)
    return uvloop.run(_bench(options.rates, options.seconds, options.symbols, apps))
