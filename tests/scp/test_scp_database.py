from __future__ import annotations

import asyncio
import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import create_engine

from streams.errors import SettingsError
from streams.scp.database import Database
from streams.scp.tables import Base
from streams.settings import Settings


async def upgraded(settings: Settings) -> None:
    database = Database(settings)
    try:
        await database.upgrade()
    finally:
        await database.close()


async def test_the_migrations_make_the_tables_of_the_code(settings: Settings) -> None:
    await upgraded(settings)
    engine = create_engine(f"sqlite:///{settings.data_dir}/scp.sqlite")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


async def test_many_may_start_at_the_same_time(settings: Settings) -> None:
    await asyncio.gather(*(upgraded(settings) for _ in range(4)))
    await upgraded(settings)


async def test_only_its_owner_may_read_the_database(settings: Settings) -> None:
    await upgraded(settings)
    assert (settings.data_dir / "scp.sqlite").stat().st_mode & 0o077 == 0


async def test_a_later_versions_database_is_left_alone(settings: Settings) -> None:
    await upgraded(settings)
    connection = sqlite3.connect(settings.data_dir / "scp.sqlite")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(SettingsError, match="later version"):
        await upgraded(settings)


@pytest.mark.parametrize("url", ["cheese", "mongodb://u:secret@h/x"])
def test_a_url_that_cannot_be_used_is_told_without_its_password(settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="SCP_DATABASE_URL") as told:
        Database(settings.model_copy(update={"scp_database_url": SecretStr(url)}))
    assert "secret" not in str(told.value)
