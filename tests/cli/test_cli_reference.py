"""``streams reference`` as a user runs it, against the simulator and the real broker."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from streams.settings import Settings
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator
from streams.topic_admin import create_topics

from .conftest import Command

TIMEOUT_S = 60.0
BEFORE_THE_KILL = 12
CALLS = 26
"""The market's status, 20 sessions, splits, floats and 3 pages of tickers."""


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    options = SimOptions(symbols=2_500, rate=10, start="2026-11-20T07:00:00", api_key=SecretStr("right"))
    async with Simulator(options) as simulator:
        yield simulator


@pytest.fixture
def environment(simulator: Simulator, kafka_bootstrap: str, tmp_path: Path) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP": kafka_bootstrap,
        "KAFKA_TOPIC_PREFIX": f"r{uuid.uuid4().hex[:8]}.",
        "KAFKA_PARTITIONS": "3",
        "MASSIVE_API_KEY": "right",
        "MASSIVE_REST_URL": simulator.rest_url,
        "DATA_DIR": str(tmp_path),
    }


def settings_of(environment: dict[str, str]) -> Settings:
    return Settings.model_validate({name.lower(): value for name, value in environment.items()})


def answered(simulator: Simulator) -> int:
    return sum(simulator.status()["rest"]["answered"].values())


async def kill_in_the_middle(simulator: Simulator, environment: dict[str, str]) -> None:
    """Start a load that stops at its limit of calls, and kill it there."""
    loading = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "reference", "load"),
        env={**os.environ, **environment, "REFERENCE_CALLS_PER_MINUTE": str(BEFORE_THE_KILL)},
    )
    folder = Path(environment["DATA_DIR"])
    async with asyncio.timeout(TIMEOUT_S):
        # Of the calls one was for the time, which is not kept.
        while len(list(folder.rglob("*.gz"))) < BEFORE_THE_KILL - 1:  # noqa: ASYNC110  files make no event
            await asyncio.sleep(0.05)
    loading.kill()
    await loading.wait()
    assert answered(simulator) == BEFORE_THE_KILL


async def test_a_killed_load_goes_on_and_what_it_loaded_is_shown(
    simulator: Simulator, environment: dict[str, str], streams: Command
) -> None:
    await create_topics(settings_of(environment))
    await kill_in_the_middle(simulator, environment)
    loaded = await asyncio.to_thread(streams, "reference", "load", "--complete", **environment)
    assert (loaded.code, loaded.err) == (0, "")
    assert loaded.out == "reference data of 2500 symbols loaded for 2026-11-20\n"
    # The time is asked for once more.
    assert answered(simulator) == CALLS + 1

    shown = await asyncio.to_thread(streams, "reference", "show", "NVDA", "--json", **environment)
    value = json.loads(shown.out)
    assert (value["symbol"], value["day"], value["unknown"]) == ("NVDA", "2026-11-20", ["volume_curve"])
    assert value["prev_day_low"] <= value["prev_day_close"] <= value["prev_day_high"]
    assert 0 <= value["age_s"] <= time.time() - value["loaded_ms"] / 1000
    text = await asyncio.to_thread(streams, "reference", "show", "NVDA", **environment)
    assert text.out.startswith("NVDA for 2026-11-20, loaded ")
    assert f"free_float       {value['free_float']:,.0f}\n" in text.out

    unknown = await asyncio.to_thread(streams, "reference", "show", "NOSUCH", **environment)
    assert (unknown.code, unknown.out, len(unknown.error_lines)) == (1, "", 1)
    assert "NOSUCH" in unknown.err


def test_a_broker_without_the_topic_is_told_what_to_do(environment: dict[str, str], streams: Command) -> None:
    ended = streams("reference", "show", "NVDA", **environment)
    assert (ended.code, len(ended.error_lines)) == (1, 1)
    assert "streams topics create" in ended.err


def test_no_broker_is_one_line(unused_port: int, streams: Command) -> None:
    ended = streams("reference", "show", "NVDA", KAFKA_BOOTSTRAP=f"127.0.0.1:{unused_port}")
    assert (ended.code, len(ended.error_lines)) == (1, 1)
    assert "KAFKA_BOOTSTRAP" in ended.err


async def test_a_load_without_the_previous_session_fails_where_it_must_be_complete(
    kafka_bootstrap: str, environment: dict[str, str], streams: Command, tmp_path: Path
) -> None:
    await create_topics(settings_of(environment))
    recording, reference = tmp_path / "frames.ndjson", tmp_path / "reference.ndjson"
    recording.write_text('[{"ev":"A","sym":"A","v":1,"av":1,"c":1,"s":1795186800000,"e":1795186801000}]\n')
    reference.write_text('{"symbol":"A","type":"CS"}\n')
    options = SimOptions(input=recording, reference=reference, speed=0, loop=False)
    async with Simulator(options) as simulator:
        given = {**environment, "MASSIVE_REST_URL": simulator.rest_url}
        lenient = await asyncio.to_thread(streams, "reference", "load", **given)
        strict = await asyncio.to_thread(streams, "reference", "load", "--complete", **given)
        shown = await asyncio.to_thread(streams, "reference", "show", "A", **given)
    assert (lenient.code, strict.code) == (0, 1)
    assert "no bars of" in lenient.err
    assert (len(strict.error_lines), "no bars of" in strict.err) == (1, True)
    assert "security_type    CS" in shown.out
    assert "unknown: prev_day_close, prev_day_open" in shown.out


@pytest.mark.parametrize("value", ["04:00", "25:00", "soon"])
def test_a_load_after_the_day_has_begun_is_refused(value: str, streams: Command) -> None:
    ended = streams("reference", "show", "NVDA", REFERENCE_LOAD_AT=value)
    assert (ended.code, len(ended.error_lines)) == (1, 1)
    assert "REFERENCE_LOAD_AT" in ended.err
