"""A real PostgreSQL for tests, from the programs of this machine."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from streams.local.process import ChildProcess, free_port

OWNER = "postgres"
"""PostgreSQL refuses to run as root; its package makes this user."""
TIMEOUT_S = 60.0


def programs() -> Path | None:
    """Return the folder of initdb and postgres: Debian keeps them off PATH; None where there are none."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


class PostgreSQL:
    """A server on a free port of this machine. ``url`` names one of its databases."""

    def __init__(self, folder: Path, data: Path, port: int) -> None:
        self._port = port
        self._process = ChildProcess(
            "PostgreSQL",
            [
                *(_as_owner(str(folder / "postgres"), "-D", str(data), "-p", str(port))),
                *("-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            ],
        )

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{OWNER}:unused@127.0.0.1:{self._port}/{database}?sslmode=disable"

    async def start(self) -> None:
        await self._process.start(self._answers, TIMEOUT_S)

    async def stop(self) -> None:
        """End it at once, whoever is connected."""
        if (pid := self._process.pid) is not None:
            os.kill(pid, signal.SIGINT)
        async with asyncio.timeout(TIMEOUT_S):
            await self._process.wait()

    async def _answers(self) -> bool:
        # It listens before it lets anybody in.
        try:
            connection = await asyncpg.connect(self.url(), timeout=TIMEOUT_S)
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[PostgreSQL]:
    """Run a server of the programs in ``folder`` with data of its own."""
    # Below the folder of pytest nobody but root may look.
    data = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(data, OWNER)
        made = await asyncio.create_subprocess_exec(
            *_as_owner(
                str(folder / "initdb"), "-D", str(data), "-U", OWNER, "-A", "trust", "-N", "-E", "UTF8"
            ),
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(TIMEOUT_S):
            assert await made.wait() == 0
        server = PostgreSQL(folder, data, free_port())
        await server.start()
        try:
            yield server
        finally:
            await server.stop()
    finally:
        shutil.rmtree(data)


def _as_owner(*command: str) -> list[str]:
    if os.geteuid() != 0:
        return list(command)
    owner = pwd.getpwnam(OWNER)
    # What ends it with the tests is lost where the user changes, unless setpriv sets it again.
    user = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--pdeathsig=KILL"]
    return ["setpriv", *user, *command]
