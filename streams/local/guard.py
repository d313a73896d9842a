"""Runs a command that ends with the process that asked for it, even when that one is killed with -9.

Run by path, as ``python guard.py PARENT_PID COMMAND…``; it needs the standard library alone. On Linux the
kernel itself is asked to kill this process when its parent goes, and the command then takes its place, so
nothing stays in between. (A ``preexec_fn`` would do the same but may deadlock in a parent with threads.)
Elsewhere this process stays and watches its parent.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from typing import Final

PR_SET_PDEATHSIG: Final = 1
POLL_S: Final = 0.2
CANNOT_RUN: Final = 127
"""Exit code where the command cannot be run, as in a shell."""


def _replace_with(command: list[str], parent: int) -> None:
    if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError("prctl failed")
    if os.getppid() != parent:  # it was gone before the kernel was asked
        return
    try:
        os.execvp(command[0], command)  # noqa: S606  the caller's own command, no shell wanted
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)


def _watch(command: list[str], parent: int) -> int:
    child = subprocess.Popen(command)  # noqa: S603  the caller's own command
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while child.poll() is None:
        if os.getppid() != parent:
            child.kill()
        time.sleep(POLL_S)
    return child.returncode


def main(arguments: list[str]) -> int:
    """Run ``arguments[1:]`` for the parent whose process id is ``arguments[0]``; return its exit code."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        _replace_with(command, parent)
        return CANNOT_RUN
    return _watch(command, parent)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
