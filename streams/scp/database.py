"""The database of accounts, logins, documents and the audit log: SQLite, or PostgreSQL by its URL."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from streams.errors import SettingsError, UnavailableError
from streams.scp.tables import Secret
from streams.settings import Settings

TIMEOUT_S: Final = 10.0
"""Longest that anything asked of the database may take."""
PING_TIMEOUT_S: Final = 2.0
MIGRATION_TIMEOUT_S: Final = 120.0
BUSY_S: Final = 5.0
"""Longest wait for another process that writes to SQLite."""
LOCK: Final = 4_202_8000
"""First half of the names of our locks on PostgreSQL, whoever else uses that database."""
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


class Matter(IntEnum):
    """What only one process at a time may change: the second half of a lock's name."""

    TABLES = 0
    SECRETS = 1
    ACCOUNTS = 2


class Database:
    """Connections and transactions.

    Args:
        settings: Where the database is; by default a file below the data directory.

    Raises:
        SettingsError: The URL cannot be used; the message does not repeat it.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = _url(settings)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        self._engine = _engine(self._url)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @property
    def where(self) -> str:
        """Where it is, without a password: one may stand in the query, too."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    @asynccontextmanager
    async def transaction(self, timeout_s: float = TIMEOUT_S) -> AsyncIterator[AsyncSession]:
        """Do all of the block or nothing.

        Raises:
            UnavailableError: The database does not answer, or not in time.
        """
        try:
            async with asyncio.timeout(timeout_s), self._sessions() as session, session.begin():
                yield session
        except (IntegrityError, DataError):
            raise
        except (DBAPIError, PoolTimeoutError, TimeoutError, OSError) as error:
            raise UnavailableError(f"the database does not answer ({_why(error)}): try again") from None

    @asynccontextmanager
    async def turn(self, matter: Matter) -> AsyncIterator[AsyncSession]:
        """Do all of the block or nothing, and let no other process do it at the same time.

        Args:
            matter: What is read first, and written by what was read.

        Raises:
            UnavailableError: The database does not answer, or not in time.
        """
        async with self.transaction() as session:
            if not self._is_sqlite:  # there every transaction is alone
                await session.execute(select(func.pg_advisory_xact_lock(LOCK, matter)))
            yield session

    async def upgrade(self) -> None:
        """Bring the tables to this version's state; nothing is done where they are.

        Raises:
            UnavailableError: The database does not answer.
            SettingsError: It is that of a later version.
        """
        if self._is_sqlite and self._url.database not in {None, "", ":memory:"}:
            _make_private(Path(str(self._url.database)))
        try:
            async with asyncio.timeout(MIGRATION_TIMEOUT_S), self._engine.begin() as connection:
                await connection.run_sync(_migrate)
        except (DBAPIError, TimeoutError, OSError) as error:
            said = str(_cause(error)).partition("\n")[0][:200] or type(error).__name__
            raise UnavailableError(
                f"the database {self.where} cannot be used ({said}): check SCP_DATABASE_URL"
            ) from None

    async def secret(self, name: str) -> str:
        """Return a secret of this installation, which is made when it is first asked for."""
        async with self.turn(Matter.SECRETS) as session:
            found = await session.scalar(select(Secret.value).where(Secret.name == name))
            if found is None:
                found = secrets.token_urlsafe(48)
                session.add(Secret(name=name, value=found))
            return found

    async def ping(self) -> None:
        """Ask for an answer.

        Raises:
            UnavailableError: There is none.
        """
        async with self.transaction(PING_TIMEOUT_S) as session:
            await session.execute(select(1))

    async def close(self) -> None:
        """Drop the connections."""
        await self._engine.dispose()


def _url(settings: Settings) -> URL:
    if settings.scp_database_url is None:
        return URL.create("sqlite+aiosqlite", database=str(settings.data_dir / "scp.sqlite"))
    try:
        url = make_url(settings.scp_database_url.get_secret_value())
    except ArgumentError:
        raise SettingsError("SCP_DATABASE_URL must look like postgresql://USER:PASSWORD@HOST/NAME") from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise SettingsError("SCP_DATABASE_URL: sqlite or postgresql can be used")
    return url.set(drivername=driver)


def _engine(url: URL) -> AsyncEngine:
    is_sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"pool_timeout": TIMEOUT_S, "pool_size": 5, "max_overflow": 5}
    # What was asked for holds hashes of passwords: it is in no error, and so in no log.
    options["hide_parameters"] = True
    if not is_sqlite:
        options |= {"pool_pre_ping": True, "async_creator": partial(_connect, url)}
    try:
        engine = create_async_engine(url, **options)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"SCP_DATABASE_URL needs {error.name}: pip install 'market-streams[postgresql]'"
        ) from None
    if is_sqlite:
        _prepare_sqlite(engine)
    return engine


async def _connect(url: URL) -> Any:  # noqa: ANN401  the driver's
    import asyncpg  # noqa: PLC0415  installed only where PostgreSQL is used

    # The driver reads the URL itself: it knows sslmode and the others that people copy from their provider.
    given = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(given, timeout=TIMEOUT_S, command_timeout=TIMEOUT_S)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's
        # The driver would begin transactions late, and not at all for changes of tables.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {int(BUSY_S * 1000)}",
            "journal_mode = WAL",
            "foreign_keys = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # Immediate: one that reads first and writes then could not wait for another that writes.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_private(path: Path) -> None:
    # Nobody else on the machine may read who may log in.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise UnavailableError(f"cannot write {path}: {error.strerror}; DATA_DIR chooses a place") from None


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  0.3 s, and only once
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SettingsError(f"the database is that of a later version of the platform: {error}") from None


def _why(error: BaseException) -> str:
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error) and cause.args:
        return str(cause.args[0])
    return type(cause).__name__


def _cause(error: BaseException) -> BaseException:
    """Return the driver's own error."""
    wrapped = error.orig if isinstance(error, DBAPIError) else error
    return (wrapped.__cause__ if wrapped is not None else None) or wrapped or error
