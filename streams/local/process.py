"""A child process: started with a log file, awaited until ready, stopped in order, gone with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from streams.errors import UnavailableError
from streams.local import guard

POLL_S: Final = 0.05
LAST_LINES: Final = 5
LAST_BYTES: Final = 16_384

TERMINAL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What programs tell a terminal: nothing to read."""

Ready = Callable[[], Awaitable[bool]]
"""Tells whether a started server answers."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port of ``host`` that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


async def accepts_connections(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Tell whether a TCP connection to ``host``:``port`` succeeds within ``timeout_s`` seconds."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout_s)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


class ChildProcess:
    """One child process, in a session of its own.

    Ctrl-C in a terminal reaches the parent alone, which then stops its children in its own order. If the
    parent dies without doing so, the child dies with it (see ``guard``). Start it from a thread that lives
    as long as the parent, such as the event loop's: Linux ties the child to the thread that started it.

    Args:
        name: What people call it; errors begin with it.
        command: The program and its arguments.
        log_path: File that its output is appended to; None throws output away.
        inherit_output: Whether its output goes to this process's stderr instead.
        environment: Its whole environment; None for the parent's.
        folder: Its working folder; None for the parent's.
        stop_timeout_s: Seconds between SIGTERM and SIGKILL when it is stopped.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_path: Path | None = None,
        inherit_output: bool = False,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stop_timeout_s: float = 4.0,
    ) -> None:
        self.name = name
        self.log_path = log_path
        self._inherit_output = inherit_output
        self._command = list(command)
        self._environment = None if environment is None else dict(environment)
        self._folder = folder
        self._stop_timeout_s = stop_timeout_s
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None while nothing runs."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the last run (negative: the signal that ended it), None before its end."""
        return None if self._process is None else self._process.returncode

    async def start(self, ready: Ready | None = None, timeout_s: float = 30.0) -> None:
        """Start the process and wait until ``ready`` says so, for at most ``timeout_s`` seconds.

        Raises:
            UnavailableError: It cannot be run, ended at once or is not ready in time; the last lines of
                its log are in the message, and it no longer runs.
        """
        if self.running:
            return
        await self._spawn()
        if ready is None:
            return
        try:
            async with asyncio.timeout(timeout_s):
                while self.running and not await ready():  # noqa: ASYNC110  another process has no event
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            await self.kill()
            raise UnavailableError(self._said(f"is not ready after {timeout_s:g} s")) from None
        except BaseException:
            await self.kill()
            raise
        if not self.running:
            raise UnavailableError(self._said(f"ended with exit code {self.exit_code}"))

    async def wait(self) -> int:
        """Wait for the end of the process and return its exit code; 0 if it was never started."""
        return 0 if self._process is None else await self._process.wait()

    async def stop(self) -> None:
        """Ask the process to end (SIGTERM), kill it after the timeout. Nothing happens if it has ended."""
        if self._process is None or not self.running:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), self._stop_timeout_s)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End the process at once (SIGKILL). Nothing happens if it has ended."""
        if self._process is not None and self.running:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    def last_lines(self, count: int = LAST_LINES) -> list[str]:
        """Return up to ``count`` of the last lines in the log."""
        if self.log_path is None:
            return []
        try:
            with self.log_path.open("rb") as log:
                log.seek(max(0, self.log_path.stat().st_size - LAST_BYTES))
                lines = TERMINAL.sub("", log.read().decode(errors="replace")).splitlines()
        except OSError:
            return []
        return [line.strip() for line in lines if line.strip()][-count:]

    async def _spawn(self) -> None:
        guarded = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *self._command]
        with contextlib.ExitStack() as stack:
            output = sys.stderr.fileno() if self._inherit_output else subprocess.DEVNULL
            if self.log_path is not None:
                output = stack.enter_context(self.log_path.open("ab")).fileno()
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *guarded,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=self._environment,
                    cwd=self._folder,
                    start_new_session=True,
                )
            except OSError as error:
                raise UnavailableError(f"{self.name} cannot be started: {error.strerror}") from None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _said(self, what: str) -> str:
        lines = " | ".join(self.last_lines())
        return f"{self.name} {what}" + (f"; its last lines: {lines}" if lines else "")
