"""The deployment's files, and the programs that judge them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.settings import Settings

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60.0

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def defaults() -> Settings:
    """Return the settings that the generated files are written with."""
    return Settings()


@pytest.fixture
def run() -> Run:
    """Run a program in the repository's root, with standard input and environment as given."""

    def run_program(
        *command: str, stdin: str | None = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=ROOT,
            input=stdin,
            env=env,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    return run_program


@pytest.fixture
def compose() -> dict[str, Any]:
    """Return the compose file."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "redpanda/compose.yaml").read_text())
    return loaded
