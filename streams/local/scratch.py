"""Temporary folders that carry their owner's process id, so that those of killed owners can be removed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import psutil

PREFIX: Final = "market-streams"


def make_scratch(purpose: str) -> Path:
    """Create and return an empty folder for ``purpose``, and remove those of owners that are gone."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}-{purpose}-*"):
        owner = old.name.removeprefix(f"{PREFIX}-{purpose}-").partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            remove_scratch(old)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}-{purpose}-{os.getpid()}-"))


def remove_scratch(folder: Path) -> None:
    """Remove a folder with all that it holds; what cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)
