"""``streams scp``: the dashboard and the control plane, and the accounts of those who use them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.cli import scp_accounts


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True)
    group.callback(
        help="Serve the dashboard, and control of the components to those who may (SCP_* settings).",
        epilog="Example: WDS_JWT_SECRET=… streams scp",
    )(scp)
    scp_accounts.add_to(group)
    group.command(
        "migrate",
        help="Bring the database to this version's state; the service does so itself when it starts.",
        epilog="Example: SCP_DATABASE_URL=postgresql://… streams scp migrate",
    )(migrate)
    app.add_typer(group, name="scp")


def scp(
    context: typer.Context,
    ssl_certfile: Annotated[Path | None, typer.Option(help="Certificate chain (PEM): serve TLS.")] = None,
    ssl_keyfile: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
) -> None:
    """Run the SCP with the environment's settings, until Ctrl-C or SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    from streams import settings
    from streams.cli.tasks import run_until_stopped
    from streams.scp import service
    from streams.telemetry import configure_logging

    loaded = settings.load()
    given = {"scp_ssl_certfile": ssl_certfile, "scp_ssl_keyfile": ssl_keyfile}
    loaded = loaded.model_copy(update={name: path for name, path in given.items() if path is not None})
    configure_logging(loaded.log_level, loaded.log_format)
    run_until_stopped(lambda stop: service.run(loaded, stop))


def migrate() -> None:
    """Run the migrations."""
    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.scp.database import Database

    async def upgrade() -> str:
        database = Database(settings.load())
        try:
            await database.upgrade()
        finally:
            await database.close()
        return database.where

    typer.echo(f"{run_to_end(upgrade())} is up to date")
