"""The file of screeners, read again when it changes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.scanner import file_source
from streams.scanner.file_source import FileSource
from streams.scanner.screener import Screener
from streams.scanner.screener_watch import ScreenerWatch
from streams.telemetry import Counters
from tests.integration.workers import eventually

GOOD = '[a]\nsort = "price"\n'
OTHER = '[b]\nsort = "volume"\n'


class Watching:
    """A watch that runs, and what it has told."""

    def __init__(self, path: Path) -> None:
        self.counters = Counters()
        self.told: list[tuple[str, ...]] = []
        self.watch = ScreenerWatch({"file": FileSource(path, self.counters)}, self.counters, self._tell)

    def _tell(self, screeners: tuple[Screener, ...]) -> None:
        self.told.append(tuple(screener.name for screener in screeners))

    async def counted(self, read: int, refused: int) -> None:
        """Wait until so many files were read and refused."""

        async def is_so() -> bool:
            return self.counters.by_reason("screener_files") == {
                name: count for name, count in {"read": read, "refused": refused}.items() if count
            }

        await eventually(is_so, 20)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(file_source, "POLL_S", 0.02)
    return tmp_path / "screeners.toml"


@pytest.fixture
async def watching(path: Path) -> AsyncIterator[Watching]:
    path.write_text(GOOD)
    watching = Watching(path)
    assert [screener.name for screener in watching.watch.screeners] == ["a"]
    task = asyncio.create_task(watching.watch.run())
    yield watching
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def replace(path: Path, text: str) -> None:
    """Save as editors do: a new file in the place of the old one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)


async def test_a_change_is_taken_over(watching: Watching, path: Path) -> None:
    replace(path, OTHER)
    await watching.counted(read=2, refused=0)
    assert watching.told == [("b",)]


async def test_a_file_that_says_the_same_changes_nothing(watching: Watching, path: Path) -> None:
    replace(path, f"# again\n{GOOD}")
    await watching.counted(read=2, refused=0)
    assert watching.told == []


async def test_a_mistake_keeps_what_is_in_force_and_is_told_once(
    watching: Watching, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replace(path, f"{OTHER}size = 0\n")
    await watching.counted(read=1, refused=1)
    await asyncio.sleep(0.2)
    assert [screener.name for screener in watching.watch.screeners] == ["a"]
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert f"{path}:3: b: size is 0" in errors[0]
    assert "those in force stay" in errors[0]
    replace(path, OTHER)
    await watching.counted(read=2, refused=1)
    assert watching.told == [("b",)]


async def test_a_file_that_went_away_and_came_back(watching: Watching, path: Path) -> None:
    path.unlink()
    await watching.counted(read=1, refused=1)
    await asyncio.sleep(0.2)
    assert watching.counters.get("screener_files", "refused") == 1
    path.write_text(OTHER)
    await watching.counted(read=2, refused=1)
    assert watching.told == [("b",)]


async def test_without_a_file_there_are_none() -> None:
    watch = ScreenerWatch({"file": FileSource(None, Counters())}, Counters(), lambda _: None)
    await asyncio.wait_for(watch.run(), 5)
    assert watch.screeners == ()


def test_a_file_that_is_wrong_from_the_start_defines_none(path: Path) -> None:
    path.write_text("[")
    counters = Counters()
    assert FileSource(path, counters).screeners == ()
    assert counters.get("screener_files", "refused") == 1
