"""The folder of what was downloaded, and the lock that lets one process at a time fill it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from streams.errors import UnavailableError
from streams.settings import Settings

FOLDER: Final = "market-streams"
POLL_S: Final = 0.1
LOCK_TIMEOUT_S: Final = 600.0

Progress = Callable[[str], None]
"""Receives one line of text for people whenever there is news; called from other threads, too."""


def silent(_line: str) -> None:
    """Take progress and show none."""


def cache_folder(settings: Settings) -> Path:
    """Return the folder for downloads: the setting, else the user's cache folder, else the temporary one.

    It is created on first use.
    """
    if settings.cache_dir is not None:
        return settings.cache_dir.absolute()
    named = os.environ.get("XDG_CACHE_HOME")  # the desktop standard's name, no setting of ours
    if named:
        return Path(named).absolute() / FOLDER
    # HOME may be empty, or missing together with the user's entry in the user database.
    home = Path(os.path.expanduser("~")) if os.environ.get("HOME", "~") else None
    if home is None or not home.is_absolute():
        return Path(tempfile.gettempdir()) / f"{FOLDER}-{os.getuid()}"
    return home / ".cache" / FOLDER


@contextlib.contextmanager
def exclusive(path: Path, on_wait: Callable[[], None], timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the lock file ``path``; the operating system frees it when its holder dies, however it dies.

    ``on_wait`` is called each time the lock is found taken; what it raises ends the wait. This blocks its
    thread.

    Raises:
        UnavailableError: Another process holds it for ``timeout_s`` seconds, or it cannot be created.
    """
    deadline = time.monotonic() + timeout_s
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise UnavailableError(f"cannot write to {path.parent}: {error.strerror}; set CACHE_DIR") from None
    with lock:
        while not _take(lock.fileno()):
            if time.monotonic() > deadline:
                raise UnavailableError(f"another process has held {path} for {timeout_s:g} s")
            on_wait()
            time.sleep(POLL_S)
        yield


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
