"""Top trades, last trades and halts, made by real workers, against a brute force over the same events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from streams import topics
from tests.integration.installation import PARTITIONS, Installation, installation, read
from tests.integration.workers import eventually, lag, partitions_of, read_all
from tests.trades import brute_force
from tests.trades.conftest import Json, clock, made

SYMBOLS = [f"S{number:03}" for number in range(150)] + ["BRK.B", "A B", "日本", "*[?]"]
BAD: list[Json | bytes] = [b"5", b'{"ev":"T"}', b'{"ev":"T","sym":"S001","p":"x","s":1,"t":1}']


@pytest.fixture
async def trading(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation("trades", kafka_bootstrap, tmp_path) as made_here:
        yield made_here


def tape(seed: int, start_ms: int, count: int = 6_000) -> list[Json]:
    random = Random(seed)
    return [
        made(
            # Few symbols have most of the trades, so that their windows are full.
            SYMBOLS[min(int(random.expovariate(0.15)), len(SYMBOLS) - 1)]
            if number % 5
            else random.choice(SYMBOLS),
            start_ms + number * 100 - random.choice([0, 0, 0, 350]),
            random.randrange(1, 900),
            round(random.uniform(1, 90), 2),
            i=str(number),
            c=random.choice([None, [], [37], [14, 41], [10], [15], [12, 37]]),
        )
        for number in range(count)
    ]


def by_symbol(trades: Sequence[Json]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for trade in trades:
        found.setdefault(trade["sym"], []).append(trade)
    return found


async def expect(trading: Installation, trades: Sequence[Json]) -> None:
    everything, top = brute_force.widgets(by_symbol(trades))
    found: Any = None

    async def agrees() -> bool:
        nonlocal found
        found = json.loads(await trading.wdc.get("tta:all_symbols:widget") or "null")
        return bool(found == everything)

    try:
        await eventually(agrees, 40)
    except AssertionError:
        assert found == everything
    feeds = await read(trading.wdc, "tta:*:widget")
    assert {symbol: feeds[symbol] for symbol in top} == {
        symbol: everything["symbols"][symbol] for symbol in top
    }
    last = await read(trading.mdc, "stocks:trades:*")
    assert last == {symbol: brute_force.last_trade(of_it) for symbol, of_it in by_symbol(trades).items()}


async def test_trades_survive_killed_workers_and_an_empty_redis(trading: Installation) -> None:
    first, second = tape(1, clock(9, 25)), tape(2, clock(9, 35))
    killed = await trading.workers.start("1")
    await trading.workers.start("2")
    await trading.send([*first, *BAD])
    await expect(trading, first)
    await killed.kill()
    await trading.send(second[:3_000])
    await trading.mdc.flushall()
    await trading.workers.start("1")
    await trading.send(second[3_000:])
    await expect(trading, first + second)


async def test_a_halt_and_its_end_are_told_and_the_bands_kept(trading: Installation) -> None:
    ns = 1_000_000

    def luld(symbol: str, time_ms: int, *indicators: int) -> Json:
        return {
            "ev": "LULD",
            "T": symbol,
            "h": 11.5,
            "l": 9.5,
            "i": list(indicators),
            "z": 3,
            "t": time_ms * ns,
        }

    worker = await trading.workers.start()
    halted = luld("ABC", clock(10), 17)
    await trading.send([luld("XYZ", clock(9, 59)), halted])

    async def is_told() -> bool:
        return bool(await trading.wdc.llen("halts:latest") == 1)

    async def is_committed() -> bool:
        return await lag(trading.settings, trading.group, topics.HALTS) == 0

    await eventually(is_told)
    await eventually(is_committed)
    assert (await read(trading.mdc, "stocks:luld:*"))["ABC"] == halted
    await worker.kill()
    await trading.workers.start()
    await trading.send([luld("ABC", clock(10, 6), 18)])

    async def is_over() -> bool:
        return bool(await trading.wdc.llen("halts:latest") == 2)

    await eventually(is_over)
    newest, oldest = map(json.loads, await trading.wdc.lrange("halts:latest", 0, -1))
    assert (oldest["status"], oldest["earliest_reopening"], oldest["halts_today"]) == (
        "halted",
        clock(10, 5),
        1,
    )
    assert (newest["status"], newest["halted_at"], newest["resumed_at"]) == (
        "resumed",
        clock(10),
        clock(10, 6),
    )
    alerts = await read_all(trading.settings, partitions_of(trading.settings, topics.ALERTS))
    assert [json.loads(each.value) for each in alerts] == [oldest, newest]
    assert len({each.partition for each in alerts}) == 1 <= PARTITIONS
