"""The wheel: the same commit gives the same bytes, and it works without the checkout."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, TIMEOUT_S

SOURCES = {path.relative_to(ROOT).as_posix() for path in (ROOT / "streams").rglob("*.py")}


def build(folder: Path, when: str) -> Path:
    """Build the wheel at another time of day, and return it."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)),
        ],
        env={**os.environ, "TZ": when},
        timeout=TIMEOUT_S,
        check=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"), "UTC")


def test_wheel_is_the_same_each_time(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path, "Asia/Tokyo")
    assert again.name == wheel.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_wheel_holds_every_module_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name for name in names if name.endswith(".py")} == SOURCES
    assert all(name.startswith("streams/") for name in names)


def test_wheel_works_in_a_bare_environment(wheel: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare)
    site = bare / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(bare),
        "install",
        "--quiet",
        "--no-deps",
        str(wheel),
    ]
    subprocess.run(install, timeout=TIMEOUT_S, check=True)
    # What it depends on is borrowed; a path given so brings no checkout along, as an editable install would.
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "HOME": str(tmp_path),
    }
    where = subprocess.run(
        [bare / "bin" / "python", "-c", "import streams; print(streams.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(site)
    done = subprocess.run(
        [bare / "bin" / "streams", "topics", "export", "--format", "rpk"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=True,
    )  # fmt: skip
    assert done.stdout == (ROOT / "redpanda" / "topics.sh").read_text()
