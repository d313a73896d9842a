"""Reference data is loaded at start, tried again until it succeeds, and again before the next session."""

from __future__ import annotations

import asyncio
import sys
from datetime import date, time
from pathlib import Path

import pytest

from streams.platform import service
from streams.platform.keeper import Keeper
from streams.sessions import at

TIMEOUT_S = 60.0
LOAD_AT = time(3)
MONDAY = date(2026, 11, 23)
LOADER = """
import sys
with open(sys.argv[1], "a+") as file:
    file.write(" ".join(sys.argv[2:]) + "\\n")
    file.seek(0)
    sys.exit(len(file.readlines()) <= 2)
"""


async def runs(path: Path, count: int) -> list[str]:
    async with asyncio.timeout(TIMEOUT_S):
        while not path.exists() or len(path.read_text().splitlines()) < count:  # noqa: ASYNC110  a file makes no event
            await asyncio.sleep(0.02)
    return path.read_text().splitlines()


async def test_a_load_is_tried_until_it_succeeds_and_comes_again_before_the_next_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted, program = tmp_path / "runs", tmp_path / "loader.py"
    program.write_text(LOADER)
    now_ms = at(MONDAY, LOAD_AT) - 60_000
    monkeypatch.setattr(service, "SELF", (sys.executable, str(program), str(noted)))
    monkeypatch.setattr(service, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(service, "LONGEST_SLEEP_S", 0.02)
    monkeypatch.setattr(service, "_now_ms", lambda: now_ms)
    loading = asyncio.create_task(service._load_for_ever(Keeper({}, print, log_folder=tmp_path), LOAD_AT))
    try:
        assert set(await runs(noted, 3)) == {"reference load --complete"}
        await asyncio.sleep(0.5)
        assert len(await runs(noted, 3)) == 3
        now_ms += 60_000
        assert len(await runs(noted, 4)) == 4
        # The next one is a day away.
        now_ms += 23 * 3_600_000
        await asyncio.sleep(0.5)
        assert len(await runs(noted, 4)) == 4
    finally:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
