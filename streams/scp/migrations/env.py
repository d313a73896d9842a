"""Runs the migrations on the connection that it is given, within that connection's transaction."""

from __future__ import annotations

from typing import Final

from alembic import context
from sqlalchemy import text

from streams.scp.tables import Base

LOCK: Final = 4_202_8000
"""What processes that start at the same time wait for, on PostgreSQL; SQLite lets one write at a time."""

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
context.run_migrations()
