"""Pages of the vendor's answers on disk, so that a load goes on where an earlier one ended.

A page is a gzip file, whose checksum tells a damaged one, and gets its name once it is whole.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from streams.reference.watch import Watch

COMPRESSION_LEVEL: Final = 3
SUFFIX: Final = ".json.gz"


class KeptPages:
    """Pages by the name of their list, such as ``bars/2026-11-19``, and their number in it.

    What cannot be written is said once, and goes on without.

    Args:
        folder: Where they are.
        watch: Told of damaged pages.
    """

    def __init__(self, folder: Path, watch: Watch) -> None:
        self._folder = folder
        self._watch = watch
        self._writes = True

    def read(self, name: str, number: int) -> bytes | None:
        """Return a page; None where there is none that can be used."""
        path = self._path(name, number)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        try:
            if not content:
                raise EOFError("it is empty")
            return gzip.decompress(content)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            self.reject(name, number, str(error))
            return None

    def reject(self, name: str, number: int, reason: str) -> None:
        """Say that a page that is kept cannot be used; it is fetched again."""
        self._watch.say(f"{self._path(name, number)} is damaged ({reason}): fetching it again")

    def write(self, name: str, number: int, content: bytes) -> None:
        """Keep a page."""
        if not self._writes:
            return
        path = self._path(name, number)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, unfinished = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(gzip.compress(content, COMPRESSION_LEVEL))
                os.replace(unfinished, path)  # noqa: PTH105  the same, of strings
            except BaseException:
                Path(unfinished).unlink(missing_ok=True)
                raise
        except OSError as error:
            self._writes = False
            self._watch.say(f"cannot keep what is loaded in {self._folder} ({error.strerror}): set DATA_DIR")

    def forget(self, name: str) -> None:
        """Forget a list."""
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def keep_only(self, names: Collection[str]) -> None:
        """Forget all lists but those named, and what writers that were killed have left."""
        kept = {self._folder / name for name in names}
        for found in sorted({path.parent for path in self._folder.rglob("*") if path.is_file()}):
            if found not in kept:
                shutil.rmtree(found, ignore_errors=True)
                continue
            for path in found.iterdir():
                if not path.name.endswith(SUFFIX):
                    path.unlink(missing_ok=True)
        for path in sorted(self._folder.rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()

    def _path(self, name: str, number: int) -> Path:
        return self._folder / name / f"{number}{SUFFIX}"
