"""Users' screeners: checked when they are stored, and told to the workers."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from streams.scanner import user_screeners
from streams.scanner.screener import Screener
from streams.scanner.users_source import UsersSource
from streams.settings import Settings
from streams.telemetry import Counters
from streams.topic_admin import create_topics
from tests.integration.workers import eventually

from .conftest import Browser, Install, Installation

MINE = {"sort": "pct_change", "any": {"price": [{"max": 2}, {"min": 100}]}}
PATH = "/api/store/screeners/Mine ½"


async def listed(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = (await browser.get("/api/screeners")).json()
    return found


@pytest.mark.parametrize(
    ("definition", "where", "reason"),
    [
        ([], [], "a screener is an object such as "),
        ({}, [], "no order: "),
        ({"sort": "prize"}, ["sort"], "unknown sort 'prize': did you mean 'price'?"),
        ({"sort": "price", "size": 501}, ["size"], "size is 501, "),
        (json.loads('{"sort": ' + "[" * 40 + "]" * 40 + "}"), ["sort"], "sort is "),
        ({"sort": "price", "volume": {"min": "x"}}, ["volume", "min"], "volume: min is 'x', it must be"),
        (
            {"sort": "price", "none": {"volume": [{"min": 1}, {"min": 2, "max": 1}]}},
            ["none", "volume", "1"],
            "none: volume: min 2 is above max 1",
        ),
        ({"sort": "price", "symbol": ["A" * 100] * 100}, [], "the definition is longer than 8192"),
    ],
)
async def test_a_wrong_definition_is_refused_with_place_and_reason(
    scp: Installation, definition: object, where: list[str], reason: str
) -> None:
    trader = await scp.browser("trader")
    answer = await trader.put(PATH, json=definition)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(reason)
    assert "\n" not in answer.json()["error"]
    assert answer.json()["faults"][0]["where"] == where
    assert (await listed(trader))["own"] == []


async def test_a_viewer_makes_none(scp: Installation) -> None:
    viewer = await scp.browser("viewer")
    assert (await viewer.put(PATH, json=MINE)).status_code == 403
    assert (await listed(viewer))["may_edit"] is False


async def test_there_are_so_many_and_no_more(install: Install) -> None:
    scp = await install(scp_screeners_per_user=2, scp_screeners_max=3)
    trader, admin = await scp.browser("trader"), await scp.browser("admin")
    stored = [(await trader.put(f"{PATH}{number}", json=MINE)).status_code for number in range(3)]
    assert stored == [200, 200, 422]
    stored = [(await admin.put(f"{PATH}{number}", json=MINE)).status_code for number in range(2)]
    assert stored == [200, 422]
    # One that is there can be changed.
    assert (await trader.put(f"{PATH}0", json={"sort": "volume"})).status_code == 200


async def test_workers_are_told_of_those_that_are_stored_changed_and_removed(
    install: Install, kafka_bootstrap: str, tmp_path: Path
) -> None:
    file = tmp_path / "screeners.toml"
    file.write_text('[shared]\nsort = "price"\n')
    settings = {"kafka_bootstrap": kafka_bootstrap, "kafka_topic_prefix": f"u{uuid.uuid4().hex[:8]}."}
    workers = Settings(**settings)  # type: ignore[arg-type]  # they come from the environment as texts
    await create_topics(workers)
    scp = await install(**settings, screeners_file=file)
    trader = await scp.browser("trader")
    assert (await trader.put(PATH, json=MINE)).status_code == 200
    (mine,) = (await listed(trader))["own"]
    assert (mine["name"], mine["definition"], mine["problem"]) == ("Mine ½", MINE, None)
    assert [each["board"] for each in (await listed(trader))["file"]] == ["shared"]
    assert [each["board"] for each in (await listed(await scp.browser("viewer")))["file"]] == ["shared"]

    source = UsersSource(workers, Counters())

    async def told(*expected: tuple[str, str]) -> None:
        async def is_so() -> bool:
            return tuple((each.name, each.sort) for each in source.screeners) == expected

        await eventually(is_so, 30)

    following = asyncio.create_task(source.run(lambda: None))
    try:
        await told((mine["board"], "pct_change"))
        await trader.put(PATH, json=MINE | {"sort": "volume"})
        await told((mine["board"], "volume"))
        # Stored by an earlier version, which looked at nothing.
        await scp.plane._shelves.put(1, "screeners", "old", '{"sort": 5}', None)
        # Whoever may not log in any more has no boards.
        admin = await scp.browser("admin")
        assert (await admin.put("/api/store/screeners/a", json=MINE)).status_code == 200
        board = (await listed(admin))["own"][0]["board"]
        await told(*sorted([(board, "pct_change"), (mine["board"], "volume")]))
        assert (await admin.patch("/api/accounts/trader", json={"active": False})).is_success
        await told((board, "pct_change"))
        await admin.delete("/api/store/screeners/a")
        await told()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def test_what_a_record_holds_that_cannot_be_used_is_told_and_the_rest_is_used() -> None:
    refused: list[str] = []
    mine = user_screeners.board_of(1, "mine")
    record = user_screeners.encode({mine: MINE, "user_2_x": {"sort": "prize"}, "shared": MINE})
    found = user_screeners.decode(record, refused)
    assert [(each.name, type(each)) for each in found] == [(mine, Screener)]
    assert [line.split(":")[0] for line in refused] == ["'shared'", "'user_2_x'"]
