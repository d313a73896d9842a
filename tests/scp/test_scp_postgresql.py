"""The control plane on PostgreSQL: as on SQLite, and with several processes on one database."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection

from streams.scp.database import Database
from streams.scp.tables import Base
from streams.settings import Settings

from .conftest import PASSWORD, Browser, Install, Installation, eventually
from .postgresql import PostgreSQL, programs, running


@pytest.fixture(scope="session")
async def postgresql() -> AsyncIterator[PostgreSQL]:
    folder = programs()
    if folder is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    pytest.importorskip("asyncpg")
    async with running(folder) as server:
        yield server


@pytest.fixture
async def settings(settings: Settings, postgresql: PostgreSQL) -> Settings:
    """A database of this test alone."""
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(postgresql.url())
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    return settings.model_copy(update={"scp_database_url": SecretStr(postgresql.url(name))})


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


async def migrate(settings: Settings) -> int:
    assert settings.scp_database_url is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "scp", "migrate"),
        env={**os.environ, "SCP_DATABASE_URL": settings.scp_database_url.get_secret_value()},
        stdout=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()


async def test_processes_that_start_at_the_same_time_migrate_one_database(settings: Settings) -> None:
    assert tuple(await asyncio.gather(migrate(settings), migrate(settings))) == (0, 0)
    databases = [Database(settings) for _ in range(4)]
    assert len(set(await asyncio.gather(*(database.secret("scp") for database in databases)))) == 1
    async with databases[0].transaction() as session:
        assert await (await session.connection()).run_sync(differences) == []
    await asyncio.gather(*(database.close() for database in databases))


@pytest.fixture
async def both(install: Install) -> tuple[Installation, Installation]:
    """Two control planes on one database."""
    first = await install()
    return first, await install()


async def put(browser: Browser, name: str, content: object) -> int:
    new = {"if-none-match": "*"}
    return (await browser.put(f"/api/store/layouts/{name}", json=content, headers=new)).status_code


async def test_two_control_planes_share_one_database(both: tuple[Installation, Installation]) -> None:
    here, there = both
    mine = await here.browser("trader")
    # A login of one is one of the other.
    same = await there.browser(cookies=dict(mine.cookies))
    same.headers["x-csrf-token"] = mine.headers["x-csrf-token"]
    assert (await same.get("/api/session")).json()["user"] == "trader"
    # One document, made by both at the same time: one is told of the other.
    for at in range(5):
        statuses = await asyncio.gather(put(mine, f"day {at}", "A"), put(same, f"day {at}", "B"))
        assert sorted(statuses) == [200, 412]
    admins = [await each.browser("admin") for each in both]
    # The last admin stays, also where several demote each other.
    names = ("second", "third", "admin")
    for name in names[:2]:
        new = {"username": name, "password": PASSWORD, "role": "admin"}
        assert (await admins[0].post("/api/accounts", json=new)).status_code == 201
    await asyncio.gather(
        *(
            admin.patch(f"/api/accounts/{name}", json={"role": "viewer"})
            for admin, name in zip([*admins, admins[0]], names, strict=True)
        )
    )
    left = [(await (await here.browser()).log_in(name)).json()["role"] for name in names]
    assert "admin" in left
    assert (await mine.post("/api/logout", json={})).status_code == 204
    assert (await same.get("/api/session")).status_code == 401


async def test_what_postgresql_cannot_store_is_refused(install: Install) -> None:
    scp = await install()
    admin = await scp.browser("admin")
    answers = [
        await admin.post("/api/login", json={"username": "a\0b", "password": PASSWORD}),
        await admin.get("/api/store/layouts/a%00b"),
        await admin.patch("/api/accounts/a%00b", json={"role": "viewer"}),
        await admin.post("/api/components/a%00b/sto%00p", json={}),
        await admin.put("/api/store/layouts/📈 ½", json={"zero": "\0"}),
    ]
    assert [answer.status_code for answer in answers] == [401, 422, 404, 404, 200]
    assert (await admin.get("/api/store/layouts/📈 ½")).json() == {"zero": "\0"}


async def test_an_outage_is_told_and_over_when_the_database_is_back(
    install: Install, postgresql: PostgreSQL
) -> None:
    scp = await install()
    viewer = await scp.browser("viewer")
    await postgresql.stop()
    for path in ("/api/session", "/health"):
        answer = await viewer.get(path)
        assert (answer.status_code, "the database does not answer" in answer.text) == (503, True)
        assert "unused" not in answer.text
    await postgresql.start()

    async def works() -> bool:
        return (await viewer.get("/api/session")).status_code == 200

    await eventually(works)
