"""``streams screeners`` as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "screeners.example.toml"


class Ended(Protocol):
    code: int
    out: str
    err: str
    error_lines: list[str]


Command = Callable[..., Ended]


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.toml"
    path.write_text('[a]\nsort = "prize"\nsize = 0\n')
    return path


def test_a_file_that_can_be_used(streams: Command) -> None:
    ended = streams("screeners", "check", str(EXAMPLE))
    assert (ended.code, ended.err) == (0, "")
    assert "6 screeners: low_float_runners, " in ended.out


def test_each_mistake_is_a_line(streams: Command, wrong: Path) -> None:
    ended = streams("screeners", "check", str(wrong))
    assert (ended.code, ended.out) == (1, "")
    assert [line.split(" ")[0] for line in ended.error_lines] == [f"{wrong}:2:", f"{wrong}:3:"]


def test_boards_are_listed_with_their_filters(streams: Command) -> None:
    ended = streams("screeners", "list", SCREENERS_FILE=str(EXAMPLE))
    assert ended.code == 0
    assert "scanners:low_float_runners   50 rows by pct_change, descending" in ended.out
    assert "price from 1 to 20" in ended.out


def test_boards_are_listed_as_json(streams: Command) -> None:
    listed = json.loads(streams("screeners", "list", str(EXAMPLE), "--json").out)
    assert listed[0]["feed"] == "scanners:low_float_runners"
    assert listed[0]["sessions"] == ["pre_market"]


def test_a_wrong_file_is_not_listed(streams: Command, wrong: Path) -> None:
    ended = streams("screeners", "list", str(wrong))
    assert (ended.code, len(ended.error_lines)) == (1, 1)
    assert ended.error_lines[0].startswith(f"streams: {wrong}:2: a: unknown sort 'prize'")


def test_without_a_file(streams: Command) -> None:
    ended = streams("screeners", "check")
    assert (ended.code, len(ended.error_lines)) == (1, 1)
    assert "SCREENERS_FILE" in ended.error_lines[0]


def test_fields_are_named(streams: Command) -> None:
    ended = streams("screeners", "fields")
    assert ended.code == 0
    assert {"price", "relative_volume", "float_rotation"} <= set(ended.out.split())
