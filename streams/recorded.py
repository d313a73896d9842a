"""Files of recorded frames: one WebSocket message a line, plain or gzip."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from types import TracebackType
from typing import IO, Final, cast

from streams.errors import BadInputError

GZIP_MAGIC: Final = b"\x1f\x8b"
MAX_LINE: Final = 64 * 1024 * 1024
"""Longest line, in bytes."""

_BATCH_FRAMES: Final = 512
_BATCH_BYTES: Final = 1024 * 1024


class RecordedFile:
    """A file of recorded frames.

    Args:
        path: The file; gzip is recognised by its first bytes.

    Attributes:
        path: The file.

    Raises:
        BadInputError: It is missing, cannot be read, or is named .gz and is no gzip file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        except OSError as error:
            raise BadInputError(f"cannot read {path}: {error.strerror}") from None
        if path.suffix == ".gz" and not self._is_gzip:
            raise BadInputError(f"cannot read {path}: it is named .gz and is no gzip file")

    def open(self) -> FrameLines:
        """Return its lines, to be read from the first on.

        Raises:
            BadInputError: The file cannot be opened.
        """
        try:
            return FrameLines(self.path, self.path.open("rb"), is_gzip=self._is_gzip)
        except OSError as error:
            raise BadInputError(f"cannot read {self.path}: {error.strerror}") from None


class FrameLines:
    """The lines of an open file. `RecordedFile.open` makes it; closing it closes the file."""

    def __init__(self, path: Path, raw: IO[bytes], *, is_gzip: bool) -> None:
        self._path = path
        self._raw = raw
        self._file = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if is_gzip else raw

    def __enter__(self) -> FrameLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._raw.close()

    @property
    def position(self) -> int:
        """How many bytes of the file have been read, as it lies on the disk."""
        return self._raw.tell()

    def read(self) -> list[bytes]:
        """Return the next frames, up to a megabyte or so of them; none at the end. Empty lines are none.

        Raises:
            BadInputError: The file cannot be read on, or has a line longer than MAX_LINE. What stood before
                has been returned.
        """
        frames: list[bytes] = []
        size = 0
        try:
            while len(frames) < _BATCH_FRAMES and size < _BATCH_BYTES and (line := self._next_line()):
                if frame := line.rstrip(b"\r\n"):
                    frames.append(frame)
                    size += len(frame)
        except (OSError, EOFError, zlib.error) as error:
            if not frames:
                raise BadInputError(f"cannot read on in {self._path}: {error}") from None
            # What was read before goes out first; the next read meets the error again.
        return frames

    def _next_line(self) -> bytes:
        line = self._file.readline(MAX_LINE)
        if len(line) == MAX_LINE:
            raise BadInputError(f"cannot read {self._path}: a line is longer than {MAX_LINE} bytes")
        return line
