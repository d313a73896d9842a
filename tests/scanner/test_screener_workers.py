"""User-defined boards in Redis, made by real workers, equal a brute force over the same events."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from streams import feeds
from streams.scanner import user_screeners
from streams.topics import SCANNER_PARTIALS, SCREENERS
from streams.writer import RecordWriter
from tests.integration.workers import eventually
from tests.scanner.brute_force import NEW_YORK, Json, Market, market, moment_of
from tests.scanner.conftest import messy_market, reference_data

if TYPE_CHECKING:
    from tests.scanner.conftest import Scanning

pytestmark = pytest.mark.timeout(300)

FIRST = """
[fallers]
sort = "pct_change_since_open"
order = "ascending"
size = 40
session = "regular"
price = { min = 5, max = 40 }
volume = { min = 1_000 }

[known]
sort = "relative_volume"
float = { max = 500_000_000 }
"""
SECOND = """
[known]
sort = "relative_volume"
size = 7
float = { max = 500_000_000 }
symbol = { not = ["S001", "S002"] }
"""


def today_of(found: Market) -> list[Json]:
    """Return the rows of the newest trading day."""
    newest = max(moment_of(row["start_timestamp"]).day for row in found.quotes.values())
    return [row for row in found.quotes.values() if moment_of(row["start_timestamp"]).day == newest]


def ranked(rows: list[Json], size: int, key: Callable[[Json], float]) -> list[Json]:
    """Return the first rows with their ranks."""
    best = sorted(rows, key=lambda row: (key(row), row["symbol"]))[:size]
    return [{"rank": rank, **row} for rank, row in enumerate(best, 1)]


def fallers(found: Market) -> list[Json]:
    rows = [
        row
        for row in today_of(found)
        if 5 <= row["close"] <= 40
        and row["accumulated_volume"] >= 1_000
        and row["pct_change_since_open"] is not None
        and time(9, 30) <= datetime.fromtimestamp(row["start_timestamp"] / 1000, NEW_YORK).time() < time(16)
    ]
    return ranked(rows, 40, lambda row: row["pct_change_since_open"])


def known(found: Market, size: int, left_out: tuple[str, ...] = ()) -> list[Json]:
    rows = [
        row
        for row in today_of(found)
        if row["symbol"] not in left_out
        and row["relative_volume"] is not None
        and row["free_float"] is not None
        and row["free_float"] <= 500_000_000
    ]
    return ranked(rows, size, lambda row: -row["relative_volume"])


def save(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)


async def define(scanning: Scanning, tables: user_screeners.Tables) -> None:
    """Publish users' screeners, as the control plane does."""
    writer = RecordWriter(scanning.settings)
    record = user_screeners.KEY, user_screeners.encode(tables)
    assert await writer.write(scanning.settings.topic(SCREENERS), 0, [record])
    await writer.close()


async def expect_boards(scanning: Scanning, **expected: list[Json]) -> None:
    """Wait until Redis holds exactly these boards."""

    async def found() -> dict[str, list[Json]]:
        values = await scanning.redis.mget([feeds.SCREENER.key(name) for name in expected])
        # One that nobody makes any more is emptied, and then taken away.
        return {name: json.loads(value or b"[]") for name, value in zip(expected, values, strict=True)}

    async def agrees() -> bool:
        return await found() == expected

    try:
        await eventually(agrees, 60)
    except AssertionError:
        assert await found() == expected
        raise


async def test_two_workers_whose_screeners_change_and_of_which_one_is_killed(
    scanning: Scanning, tmp_path: Path
) -> None:
    today, references = messy_market(21), reference_data(21)
    path = scanning.settings.screeners_file = tmp_path / "screeners.toml"
    path.write_text(FIRST)
    await scanning.redis.set(feeds.SCREENER.key("of_yesterday"), b'[{"rank":1}]')
    await scanning.refer(references)
    workers = [await scanning.workers.start(name) for name in ("1", "2")]
    await scanning.settled()
    await scanning.send(today[:3_000])
    expected = market(today[:3_000], references)
    boards = {"fallers": fallers(expected), "known": known(expected, 100), "of_yesterday": []}
    assert (len(boards["fallers"]), len(boards["known"])) == (40, 100)
    await expect_boards(scanning, **boards)

    # A user has the second one, too.
    mine = user_screeners.board_of(7, "Known floats")
    tables = tomllib.loads(SECOND)
    await define(scanning, {mine: tables["known"]})
    await expect_boards(scanning, **{mine: known(expected, 7, ("S001", "S002"))}, known=boards["known"])

    save(path, SECOND)
    await expect_boards(scanning, fallers=[], known=known(expected, 7, ("S001", "S002")))

    save(path, SECOND.replace("7", "0"))

    # What is in force stays in force, also when the worker that merges is gone.
    async def refused() -> bool:
        healths = [await worker.health() or {} for worker in workers]
        return all(health["counters"]["screener_files"].get("refused") == 1 for health in healths)

    await eventually(refused)
    partials = scanning.settings.topic(SCANNER_PARTIALS)
    (merging,) = [worker for worker in workers if await worker.partitions(partials)]
    await merging.kill()
    await scanning.send(today[3_000:])
    expected = market(today, references)
    seven = known(expected, 7, ("S001", "S002"))
    await expect_boards(scanning, fallers=[], known=seven, **{mine: seven})

    await define(scanning, {})
    await expect_boards(scanning, **{mine: []}, known=seven)

    async def is_gone() -> bool:
        gone = [feeds.SCREENER.key(name) for name in ("of_yesterday", "fallers", mine)]
        return not await scanning.redis.exists(*gone)

    await eventually(is_gone, 30)
