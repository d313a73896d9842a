"""Pages on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.reference.kept_pages import KeptPages

from .conftest import Noted

PAGE = b'{"results":[1,2,3]}' * 50


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def pages(tmp_path: Path, noted: Noted) -> KeptPages:
    return KeptPages(tmp_path, noted)


def test_what_was_kept_is_there(pages: KeptPages, noted: Noted) -> None:
    pages.write("bars/2026-11-19", 0, PAGE)
    assert (pages.read("bars/2026-11-19", 0), pages.read("bars/2026-11-19", 1)) == (PAGE, None)
    assert noted.lines == []


@given(damage=st.data())
def test_a_damaged_page_is_told_and_not_used(
    damage: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, noted = tmp_path_factory.mktemp("pages"), Noted()
    pages = KeptPages(folder, noted)
    pages.write("floats", 0, PAGE)
    (path,) = folder.rglob("*.gz")
    content = path.read_bytes()
    # After the header: its time and its system may be anything.
    cut = damage.draw(st.integers(0, len(content) - 1))
    flipped = damage.draw(st.integers(10, len(content) - 1))
    spoiled = bytearray(content)
    spoiled[flipped] ^= 0xFF
    path.write_bytes(damage.draw(st.sampled_from([content[:cut], bytes(spoiled)])))
    assert pages.read("floats", 0) is None
    assert len(noted.lines) == 1
    pages.write("floats", 0, PAGE)
    assert pages.read("floats", 0) == PAGE


def test_all_but_the_lists_named_is_forgotten(pages: KeptPages, tmp_path: Path) -> None:
    for name in ("bars/2026-11-18", "bars/2026-11-19", "asked-on/2026-11-18/floats"):
        pages.write(name, 0, PAGE)
    (tmp_path / "bars/2026-11-19/tmp-of-a-killed-load").write_bytes(b"half")
    pages.keep_only(["bars/2026-11-19", "bars/2026-11-20"])
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "bars",
        "bars/2026-11-19",
        "bars/2026-11-19/0.json.gz",
    ]


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path, noted: Noted) -> None:
    (tmp_path / "file").write_text("no folder")
    pages = KeptPages(tmp_path / "file", noted)
    for number in range(3):
        pages.write("floats", number, PAGE)
    assert len(noted.lines) == 1
    assert "DATA_DIR" in noted.lines[0]
