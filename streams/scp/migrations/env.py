"""Runs the migrations on the connection that it is given, within that connection's transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import func, select

from streams.scp.database import LOCK, Matter
from streams.scp.tables import Base

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # Processes that start at the same time wait for each other; SQLite lets one write at a time anyhow.
    connection.execute(select(func.pg_advisory_xact_lock(LOCK, Matter.TABLES)))
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
context.run_migrations()
