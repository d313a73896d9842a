"""The screeners that a file defines: read again whenever it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from streams.scanner.screener import Screener
from streams.scanner.screener_file import DefinitionError, read_screeners
from streams.telemetry import Counters

logger = logging.getLogger(__name__)

POLL_S: Final = 1.0
"""How often the file is looked at, in seconds."""

Signature = tuple[int, int, int]
"""What tells one state of a file from the next: time of its change, size and inode."""


class FileSource:
    """Follows a file of screeners. One that is wrong is told of once, and changes nothing.

    Args:
        path: The file; None where there are no screeners.
        counters: Counts ``screener_files`` by what became of them: ``read`` or ``refused``.
    """

    def __init__(self, path: Path | None, counters: Counters) -> None:
        self._path = path
        self._counters = counters
        self._signature: Signature | None = None
        self._fault = ""
        self._screeners: tuple[Screener, ...] | None = None

    @property
    def screeners(self) -> tuple[Screener, ...]:
        """Those in force. The file is read when they are first asked for: no board is without."""
        if self._screeners is None:
            self._screeners = ()
            if self._path is not None:
                self._take(*_look(self._path, None))
        return self._screeners

    async def known(self) -> None:
        """Return at once: what is in the file is known when it is asked for."""

    async def run(self, changed: Callable[[], None]) -> None:
        """Follow the file for ever."""
        if self._path is None:
            return
        while True:
            await asyncio.sleep(POLL_S)
            # In a thread: the file may lie on a slow disk.
            before = self.screeners
            self._take(*await asyncio.to_thread(_look, self._path, self._signature))
            if self.screeners != before:
                changed()

    def _take(
        self, signature: Signature | None, found: tuple[Screener, ...] | DefinitionError | None
    ) -> None:
        self._signature = signature
        if isinstance(found, DefinitionError):
            if signature is None and str(found) == self._fault:
                return  # still away
            self._fault = str(found)
            self._counters.add("screener_files", reason="refused")
            kept = "those in force stay" if self.screeners else "there are none now"
            logger.error("screeners: %s; %s", found, kept)
        elif found is not None:
            self._fault = ""
            self._screeners = found
            self._counters.add("screener_files", reason="read")
            logger.info("screeners: %s", ", ".join(screener.name for screener in found) or "none")


def _look(
    path: Path, known: Signature | None
) -> tuple[Signature | None, tuple[Screener, ...] | DefinitionError | None]:
    """Return the file's signature, and what is in it; None where its signature is ``known``."""
    try:
        status = path.stat()
        signature = (status.st_mtime_ns, status.st_size, status.st_ino)
    except OSError:
        signature = None
    if signature is not None and signature == known:
        return signature, None
    try:
        return signature, read_screeners(path)
    except DefinitionError as error:
        return signature, error
