"""Jars of local servers: resolved by Maven coordinates, downloaded once, kept in the cache folder.

A download is written beside its place and moved there when its checksum is right, so one that was killed
leaves nothing that looks complete; the list of jars is written last. With that list in place neither the
network nor the resolver is used.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests
from jgo.maven import Artifact, MavenContext, PythonResolver

from streams.backoff import Backoff
from streams.errors import UnavailableError
from streams.local.cache import Progress, cache_folder, exclusive
from streams.local.trust import make_session
from streams.settings import Settings

TIMEOUT_S: Final = 10
TRIES: Final = 5
CHUNK_BYTES: Final = 65_536
CHECKSUM_CHARS: Final = 40
TELL_S: Final = 1.0
"""Progress is told so often: some files have only a few bytes."""


@dataclass(frozen=True, slots=True)
class Jars:
    """Some jars that are fetched together.

    Attributes:
        label: What people call them, with the version.
        coordinates: Maven coordinates, ``group:artifact:version``.
        megabytes: About how much is downloaded.
        transitive: Whether what they depend on is fetched, too.
    """

    label: str
    coordinates: tuple[str, ...]
    megabytes: int
    transitive: bool = True

    @property
    def list_name(self) -> str:
        """Name of the cache's file that lists them."""
        return f"{self.label.lower().replace(' ', '-')}.jars"


KAFKA: Final = Jars(
    "Kafka 4.3.1",
    (
        "org.apache.kafka:kafka_2.13:4.3.1",
        "org.slf4j:slf4j-simple:1.7.36",  # the smallest logger to stderr, of the slf4j that this Kafka uses
    ),
    46,
)
REDIS: Final = Jars(
    # It holds server programs for Linux and macOS, which the Python package has only for some versions.
    "Redis 6.2",
    ("com.github.codemonstur:embedded-redis:1.4.4",),
    12,
    transitive=False,
)


class _CancelledError(Exception):
    pass


def cached_jars(folder: Path, jars: Jars) -> list[Path] | None:
    """Return where the cache has ``jars``, in class path order; None where it is not complete."""
    try:
        lines = (folder / jars.list_name).read_text().splitlines()
        entries = [(folder / name, int(size)) for size, name in (line.split(" ", 1) for line in lines)]
        complete = bool(entries) and all(jar.stat().st_size == size for jar, size in entries)
    except (OSError, ValueError):
        return None
    return [jar for jar, _ in entries] if complete else None


async def ensure_jars(settings: Settings, jars: Jars, progress: Progress) -> list[Path]:
    """Return where ``jars`` are, in class path order, after downloading what the cache lacks.

    Raises:
        UnavailableError: As ``fetch_jars``.
    """
    folder = cache_folder(settings)
    cached = await asyncio.to_thread(cached_jars, folder, jars)
    if cached is not None:
        return cached
    cancelled = threading.Event()
    try:
        return await asyncio.to_thread(fetch_jars, folder, jars, settings.maven_url, progress, cancelled)
    finally:
        cancelled.set()  # the thread outlives a cancelled task; let it end soon


def fetch_jars(
    folder: Path, jars: Jars, maven_url: str | None, progress: Progress, cancelled: threading.Event
) -> list[Path]:
    """Do the work of ``ensure_jars``, blocking its thread.

    Args:
        folder: The cache folder.
        jars: What to fetch.
        maven_url: Base of a Maven repository; None for the central one.
        progress: Told what is being done.
        cancelled: Set by the caller who no longer wants the result; an empty list is returned then.

    Raises:
        UnavailableError: The repository does not answer, lacks a file or gives a wrong one; or the folder
            cannot be written.
    """
    told = False

    def waiting() -> None:
        nonlocal told
        if cancelled.is_set():
            raise _CancelledError
        if not told:
            told = True
            progress(f"waiting for another process that downloads {jars.label}")

    try:
        with exclusive(folder / ".lock", waiting):
            return cached_jars(folder, jars) or _download(
                folder, jars, maven_url, _Fetcher(jars, progress, cancelled)
            )
    except _CancelledError:
        return []
    except OSError as error:
        raise UnavailableError(f"cannot write to {folder}: {error.strerror}; set CACHE_DIR") from None


def _download(folder: Path, jars: Jars, maven_url: str | None, fetcher: _Fetcher) -> list[Path]:
    repositories = None if maven_url is None else {"given": maven_url.rstrip("/")}
    context = MavenContext(fetcher, folder / "maven", local_repos=[], remote_repos=repositories)
    try:
        dependencies = [context.create_dependency(name) for name in jars.coordinates]
        if jars.transitive:
            inputs, others = fetcher.resolve(dependencies)
            dependencies = [*inputs, *others]
        paths = [dependency.artifact.resolve() for dependency in dependencies]
    except (RuntimeError, ValueError) as error:  # what the resolver raises for files that make no sense
        raise UnavailableError(f"{jars.label} cannot be resolved: {error}") from None
    finally:
        fetcher.close()
    _write_list(folder, jars, paths)
    return paths


def _write_list(folder: Path, jars: Jars, paths: Sequence[Path]) -> None:
    partial = folder / f"{jars.list_name}.{os.getpid()}"
    partial.write_text("".join(f"{path.stat().st_size} {path.relative_to(folder)}\n" for path in paths))
    partial.replace(folder / jars.list_name)


class _Fetcher(PythonResolver):
    """The resolver with downloads that are checked, tried again, atomic and one connection for all."""

    def __init__(self, jars: Jars, progress: Progress, cancelled: threading.Event) -> None:
        super().__init__()
        self._jars = jars
        self._progress = progress
        self._cancelled = cancelled
        self._session = make_session()
        self._files = 0
        self._bytes = 0
        self._told_at = -TELL_S

    def close(self) -> None:
        self._session.close()

    def download(self, artifact: Artifact) -> Path:
        target = artifact.cached_path
        if target is None:
            raise UnavailableError(f"{artifact} has no place in the cache")
        path = f"{artifact.component.path_prefix.as_posix()}/{artifact.filename}"
        for base in artifact.context.remote_repos.values():
            if self._fetch(f"{base}/{path}", target):
                return target
        raise UnavailableError(f"the Maven repository has no {path}; set MAVEN_URL to one that has")

    def _fetch(self, url: str, target: Path) -> bool:
        backoff = Backoff(0.5)
        for attempt in range(1, TRIES + 1):
            try:
                return self._fetch_once(url, target)
            except requests.RequestException as error:
                if attempt == TRIES:
                    reason = type(error).__name__
                    raise UnavailableError(
                        f"cannot download {target.name} ({reason}, {TRIES} tries): it takes the network "
                        "once, a proxy goes into HTTPS_PROXY, another repository into MAVEN_URL"
                    ) from None
                self._progress(f"trying {target.name} again")
                self._cancelled.wait(backoff.next_s())
        return False

    def _fetch_once(self, url: str, target: Path) -> bool:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.partial")
        digest = hashlib.sha1(usedforsecurity=False)  # the checksum that every Maven repository has
        with self._session.get(url, stream=True, timeout=TIMEOUT_S) as response, partial.open("wb") as file:
            if response.status_code == requests.codes.not_found:
                return False
            response.raise_for_status()
            for chunk in response.iter_content(CHUNK_BYTES):
                if self._cancelled.is_set():
                    raise _CancelledError
                file.write(chunk)
                digest.update(chunk)
        if digest.hexdigest() != self._checksum(url):
            raise requests.ConnectionError(f"wrong checksum of {target.name}")
        self._files += 1
        self._bytes += partial.stat().st_size
        partial.replace(target)
        if (now := time.monotonic()) - self._told_at >= TELL_S:
            self._told_at = now
            self._progress(
                f"downloading {self._jars.label}: {self._files} files, "
                f"{self._bytes / 1e6:.1f} of about {self._jars.megabytes} MB"
            )
        return True

    def _checksum(self, url: str) -> str:
        response = self._session.get(f"{url}.sha1", timeout=TIMEOUT_S)
        response.raise_for_status()
        return response.text.strip()[:CHECKSUM_CHARS].lower()
