"""Records what the vendor sends: one frame a line, as the simulator plays it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
from pathlib import Path
from typing import IO, Final, cast

from streams.errors import BadInputError, UnavailableError
from streams.listeners.massive import MassiveConnection
from streams.listeners.split import Splitter
from streams.listeners.supervisor import AuthFailedError, State, Supervisor
from streams.settings import Settings
from streams.telemetry import Counters

logger = logging.getLogger(__name__)

WRITE_S: Final = 0.2
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Beyond this the vendor is read no further until the disk has caught up."""
COMPRESSION: Final = 3
NEWLINES: Final = bytes.maketrans(b"\r\n", b"  ")
"""Between the parts of a frame a space means the same; within a string neither may stand."""


class FrameFile:
    """Writes frames to a file, one a line, in whole lines only.

    Args:
        path: The file; gzip where it ends in .gz.
        overwrite: Whether one that exists is replaced.

    Attributes:
        frames: How many were accepted.

    Raises:
        BadInputError: It exists, or cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.frames = 0
        self._path = path
        self._lines: list[bytes] = []
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        try:
            raw = path.open("wb" if overwrite else "xb")
        except FileExistsError:
            raise BadInputError(f"{path} exists: choose another name, or --overwrite") from None
        except OSError as error:
            raise BadInputError(f"cannot write {path}: {error.strerror}") from None
        self._raw: IO[bytes] = raw
        self._file: IO[bytes] = raw
        if path.suffix == ".gz":
            self._file = cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=COMPRESSION))

    async def add(self, frame: bytes) -> None:
        """Take a frame; waits only where the disk is far behind."""
        await self._room.wait()
        self._lines.append(frame.translate(NEWLINES) + b"\n")
        self._bytes += len(frame)
        self.frames += 1
        if self._bytes > MAX_WAITING_BYTES:
            self._room.clear()

    async def write(self) -> None:
        """Write what has come.

        Raises:
            BadInputError: The file cannot be written on.
        """
        lines, self._lines, self._bytes = self._lines, [], 0
        self._room.set()
        if lines:
            await asyncio.to_thread(self._write, b"".join(lines))

    async def close(self) -> None:
        """Write the rest and close.

        Raises:
            BadInputError: The file cannot be written on.
        """
        try:
            await self.write()
        finally:
            await asyncio.to_thread(self._close)

    def _write(self, lines: bytes) -> None:
        try:
            self._file.write(lines)
            # gzip is flushed to a full block: a reader gets every line even after a kill -9.
            self._file.flush()
        except OSError as error:
            raise BadInputError(f"cannot write {self._path}: {error.strerror}") from None

    def _close(self) -> None:
        try:
            self._file.close()
            self._raw.close()
        except OSError as error:
            raise BadInputError(f"cannot write {self._path}: {error.strerror}") from None


async def run(
    settings: Settings,
    path: Path,
    stop: asyncio.Event,
    *,
    seconds: float | None = None,
    overwrite: bool = False,
) -> int:
    """Record until ``stop`` is set or ``seconds`` are over; lost connections are made anew.

    Returns:
        How many frames were recorded.

    Raises:
        SettingsError: There is no vendor key.
        BadInputError: The file, the feed or a subscription cannot be used.
        AuthFailedError: The vendor does not accept the key.
        UnavailableError: It was not reached even once.
    """
    settings.vendor_key()
    counters = Counters()
    splitter = Splitter(1, settings.record_max_bytes)
    file: FrameFile | None = None

    async def keep(frame: bytes) -> None:
        # Messages about the connection are no market data.
        split = splitter.split(frame)
        for status in split.statuses:
            connection.on_status(status)
        if file is not None and (split.slices or split.unknown):
            await file.add(frame)

    connection = MassiveConnection(settings, keep, lambda: False, counters)
    file = FrameFile(path, overwrite=overwrite)
    supervisor = Supervisor(connection.connect, settings, lambda: True, counters)
    await supervisor.start()
    try:
        async with asyncio.timeout(seconds):
            while not stop.is_set():
                if supervisor.status().state is State.AUTH_FAILED:
                    raise AuthFailedError(
                        supervisor.status().last_error or "the vendor does not accept the key"
                    )
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), WRITE_S)
                await file.write()
    except TimeoutError:
        logger.debug("the time is over")
    finally:
        why = supervisor.status().last_error
        await supervisor.stop()
        await file.close()
    if not counters.get("connections"):
        raise UnavailableError(why or "there was no time to connect")
    return file.frames
