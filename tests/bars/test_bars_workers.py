"""Bars in Redis, made by real workers, equal a brute force over the same events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from streams import feeds
from streams.bars.pipeline import FEEDS
from tests.bars import brute_force
from tests.bars.conftest import Json, clock, minute, second, traded
from tests.integration.installation import Installation, installation, read
from tests.integration.workers import eventually

SYMBOLS = [f"S{number:03}" for number in range(40)] + ["BRK.B", "A B", "日本", "*[?]"]
ONLY_TRADED = [f"T{number:03}" for number in range(9)]
CONDITIONS = [(), (14, 41), (37,), (32,), (15,)]
BAD: list[Json | bytes] = [b"5", b'{"ev":"A"}', b'{"ev":"AM","sym":"S001","c":"x","av":1,"s":1,"e":1}']


def tape(seed: int, start_ms: int) -> list[Json]:
    random = Random(seed)
    made = []
    for number in range(4_000):
        time_ms = start_ms + number * 1_000 - random.choice([0, 0, 0, 60_000, 900_000])
        price, size = round(random.uniform(1, 90), 2), random.randrange(1, 900)
        if random.random() < 0.3:
            symbol, its = random.choice(SYMBOLS + ONLY_TRADED), random.choice(CONDITIONS)
            made.append(traded(symbol, time_ms + random.randrange(1_000), price, size, *its))
        elif random.random() < 0.1:
            made.append(minute(random.choice(SYMBOLS), time_ms // 60_000 * 60_000, price, size))
        else:
            made.append(second(random.choice(SYMBOLS), time_ms, price, size))
    return made


async def charts(bars: Installation, feed: feeds.Feed) -> dict[str, list[Json]]:
    """Return the lists of a family of feeds by symbol, oldest bar first."""
    head = feed.pattern.partition("{}")[0]
    return {
        key.decode()[len(head) :]: [json.loads(bar) for bar in reversed(await bars.wdc.lrange(key, 0, -1))]
        async for key in bars.wdc.scan_iter(f"{head}*")
    }


def newest_raw(events: Sequence[Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for event in events:
        if event["ev"] == "T":
            continue
        known = found.get(event["sym"])
        if known is None or (event["e"], event["s"]) >= (known["e"], known["s"]):
            found[event["sym"]] = event
    return found


async def expect(bars: Installation, events: Sequence[Json]) -> None:
    expected = brute_force.bars(events)

    async def agrees() -> bool:
        for span, feed in FEEDS.items():
            found = await charts(bars, feed)
            if found.keys() != expected.keys():
                return False
            for symbol, minutes in expected.items():
                wanted = minutes if span == 1 else brute_force.spans(minutes, span)
                if not brute_force.same(found[symbol], wanted):
                    return False
        return True

    await eventually(agrees, 40)
    assert await read(bars.mdc, "stocks:agg:*") == newest_raw(events)


@pytest.mark.parametrize("killed", [False, True], ids=["one worker", "two, one of them killed"])
async def test_bars_are_exact(kafka_bootstrap: str, tmp_path: Path, killed: bool) -> None:
    first, second_half = tape(1, clock(9)), tape(2, clock(9) + 4_000_000)
    async with installation("bars", kafka_bootstrap, tmp_path) as bars:
        worker = await bars.workers.start("1")
        if killed:
            await bars.workers.start("2")
        await bars.send([*first, *BAD])
        await expect(bars, first)
        if killed:
            await asyncio.gather(worker.kill(), bars.send(second_half))
        else:
            await bars.wdc.flushall()
            await bars.send(second_half)
        await expect(bars, first + second_half)
