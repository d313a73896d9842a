"""Newest quotes in Redis, made by real workers, equal a brute force over the same events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.integration.installation import installation, read
from tests.integration.workers import eventually

Json = dict[str, Any]

NOW = 1_499_697_000_000
SYMBOLS = [f"S{number:03}" for number in range(300)] + ["BRK.B", "A B", "日本", "*[?]"]


def tape(seed: int) -> list[Json]:
    random = Random(seed)
    return [
        {
            "ev": "Q",
            "sym": random.choice(SYMBOLS),
            "bp": (bid := random.choice([0.0, round(random.uniform(1, 90), 2)])),
            "ap": round(bid + random.choice([-0.01, 0.0, 0.01, 0.25]), 2) if bid else 0.0,
            "bs": 1,
            "as": 2,
            "t": NOW + number - random.choice([0, 0, 3]),
            "q": seed * 10_000 + number,
        }
        for number in range(6_000)
    ]


def newest(quotes: Sequence[Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for quote in quotes:
        if quote["sym"] not in found or quote["t"] >= found[quote["sym"]]["t"]:
            found[quote["sym"]] = quote
    return {
        symbol: {
            **quote,
            "spread": round(quote["ap"] - quote["bp"], 4) if quote["bp"] and quote["ap"] else None,
            "mid": round((quote["ap"] + quote["bp"]) / 2, 5) if quote["bp"] and quote["ap"] else None,
        }
        for symbol, quote in found.items()
    }


async def test_no_newest_quote_is_lost_with_a_killed_worker_nor_with_redis(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    first = tape(1)
    # The others are quiet from then on.
    second = [{**quote, "t": quote["t"] + 10_000} for quote in tape(2) if quote["sym"] in SYMBOLS[::2]]
    async with installation("quotes", kafka_bootstrap, tmp_path) as quoting:

        async def expect(quotes: Sequence[Json]) -> None:
            async def agrees() -> bool:
                return await read(quoting.mdc, "stocks:quotes:*") == newest(quotes)

            await eventually(agrees, 40)

        killed = await quoting.workers.start("1")
        left = await quoting.workers.start("2")
        await quoting.send([*first, b"5", b'{"ev":"Q","sym":5}'])
        await expect(first)
        await asyncio.gather(killed.kill(), quoting.send(second))
        await expect(first + second)

        async def has_restored() -> bool:
            health = await left.health() or {}
            return bool(health.get("counters", {}).get("quotes_restored"))

        await eventually(has_restored, 40)
        await quoting.mdc.flushdb()
        await expect(first + second)
