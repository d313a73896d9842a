import tempfile
import threading
from pathlib import Path

import pytest

from streams.errors import UnavailableError
from streams.local.cache import cache_folder, exclusive
from streams.local.jars import KAFKA, cached_jars, fetch_jars
from streams.settings import Settings


def ignore() -> None:
    pass


def test_cache_folder_is_the_setting_when_given(tmp_path: Path) -> None:
    assert cache_folder(Settings(cache_dir=tmp_path)) == tmp_path


def test_cache_folder_follows_the_desktop_standard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder(Settings(cache_dir=None)) == tmp_path / "market-streams"


def test_cache_folder_is_a_temporary_one_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "")
    assert cache_folder(Settings(cache_dir=None)).parent == Path(tempfile.gettempdir())


def test_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    waits = []
    with (
        exclusive(tmp_path / "lock", ignore),
        pytest.raises(UnavailableError, match="has held"),
        exclusive(tmp_path / "lock", lambda: waits.append(1), timeout_s=0.2),
    ):
        pass
    assert waits


def test_lock_is_free_after_use(tmp_path: Path) -> None:
    for _ in range(2):
        with exclusive(tmp_path / "lock", ignore, timeout_s=0):
            pass


def test_unwritable_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UnavailableError, match="set CACHE_DIR"),
        exclusive(tmp_path / "file" / "lock", ignore),
    ):
        pass


def test_list_with_a_missing_jar_is_not_complete(tmp_path: Path) -> None:
    (tmp_path / KAFKA.list_name).write_text("3 maven/a.jar\n")
    assert cached_jars(tmp_path, KAFKA) is None


def test_jar_of_another_size_is_not_complete(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"12")
    (tmp_path / KAFKA.list_name).write_text("3 a.jar\n")
    assert cached_jars(tmp_path, KAFKA) is None


def test_complete_cache_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"123")
    (tmp_path / KAFKA.list_name).write_text("3 a.jar\n")
    jars = fetch_jars(tmp_path, KAFKA, "http://127.0.0.1:1", lambda _line: None, threading.Event())
    assert jars == [tmp_path / "a.jar"]


def test_unreachable_repository_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.local.jars.TRIES", 2)
    with pytest.raises(UnavailableError, match="set|HTTPS_PROXY"):
        fetch_jars(tmp_path, KAFKA, "http://127.0.0.1:1", lambda _line: None, threading.Event())


def test_cancelled_download_ends_without_a_list(tmp_path: Path) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with exclusive(tmp_path / ".lock", ignore):
        assert fetch_jars(tmp_path, KAFKA, "http://127.0.0.1:1", lambda _line: None, cancelled) == []
