"""Looks for what a demo has left behind."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psutil

from streams.local.scratch import PREFIX


def leftovers(pids: Iterable[int], ports: Iterable[int]) -> list[str]:
    """Return what is still there of a demo that has ended; nothing where it has ended clean.

    Args:
        pids: Its processes.
        ports: TCP ports of the loopback interface that it listened on.
    """
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    return [
        *(f"process {pid}" for pid in sorted({*filter(psutil.pid_exists, pids), *children})),
        *(f"port {port}" for port in sorted(set(ports)) if _listens(port)),
        *(f"folder {path}" for path in _scratch_folders()),
    ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _scratch_folders() -> list[Path]:
    return sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}-*-{os.getpid()}-*"))
