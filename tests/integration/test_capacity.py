"""The capacity model against the platform itself, at two sizes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from streams.capacity import APPS, BYTES_PER_EVENT, Demand, plan
from streams.demo.options import DemoOptions
from streams.demo.stage import Stage
from streams.settings import Settings
from streams.sim.options import SimOptions

FIRST_VALUES_S = 4.0
"""At first every symbol is new, and alerts are many."""
MEASURED_S = 6.0
OTHER_APPS = tuple(name for name in APPS if name != "scanner")


@dataclass(frozen=True)
class Seen:
    """Counts of the platform at one moment."""

    at: float
    events: int
    records: int
    bytes: int
    frames: int
    values: int
    commands: int


async def look(stage: Stage, redis: Redis) -> Seen:
    listener = (await stage.probe.health(stage.listener.health_url) or {})["counters"]
    workers = [await stage.probe.health(worker.health_url) or {} for worker in stage.workers]
    commands = await redis.info("commandstats")
    return Seen(
        time.monotonic(),
        sum(listener["events_acknowledged"].values()),
        listener["records_acknowledged"],
        listener["bytes_acknowledged"],
        listener["frames"],
        sum(worker["counters"].get("published", 0) for worker in workers),
        sum(each["calls"] for name, each in commands.items() if name != "cmdstat_eval"),
    )


@pytest.mark.parametrize(("symbols", "rate"), [(500, 1_500), (3_000, 6_000)])
async def test_the_model_tells_what_a_running_platform_does(symbols: int, rate: int) -> None:
    market = SimOptions(symbols=symbols, rate=rate, start="2026-11-20T10:00:00-05:00")
    stage = Stage(
        DemoOptions(market=market, apps=OTHER_APPS, wds_port=0, dashboard=False),
        Settings(),
        lambda _said: None,
    )
    try:
        await stage.start()
        await stage.open_market()
        await asyncio.sleep(FIRST_VALUES_S)
        async with Redis.from_url(stage.redis_urls[1].get_secret_value()) as redis:
            first = await look(stage, redis)
            await asyncio.sleep(MEASURED_S)
            last = await look(stage, redis)
    finally:
        await stage.stop()
    seconds = last.at - first.at
    events = last.events - first.events
    frame_s = seconds / (last.frames - first.frames)
    told = plan(Demand(events / seconds, symbols=symbols, clients=1, frame_s=frame_s))
    assert (last.bytes - first.bytes) / events == pytest.approx(BYTES_PER_EVENT, rel=0.15)
    # Half as much again either way: what is asked of the model is the number of machines.
    measured = {
        "records": (last.records - first.records) / seconds,
        "values": (last.values - first.values) / seconds,
        "commands": (last.commands - first.commands) / seconds,
    }
    modelled = {
        "records": told.records_per_s,
        "values": told.values_per_s,
        "commands": told.redis_commands_per_s,
    }
    off = {name: round(modelled[name] / measured[name], 2) for name in measured}
    assert all(1 / 1.5 < ratio < 1.5 for ratio in off.values()), off
