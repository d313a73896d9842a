"""``streams scp``: the dashboard and the control plane, and the accounts of those who use them."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streams.scp.accounts import Accounts

Names = Annotated[str, typer.Argument(help="The account's name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True)
    group.callback(
        help="Serve the dashboard, and control of the components to those who may (SCP_* settings).",
        epilog="Example: WDS_JWT_SECRET=… streams scp",
    )(scp)
    group.command(
        "create-admin",
        help="Make an account that may do everything; the password is asked for, or read from stdin.",
        epilog="Example: streams scp create-admin alice < password.txt",
    )(create_admin)
    group.command(
        "set-password",
        help="Give a local account a new password; its logins end.",
        epilog="Example: streams scp set-password alice",
    )(set_password)
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


def create_admin(name: Names = "admin") -> None:
    """Make the first account, or a further admin."""
    from streams.scp.roles import Role

    async def make(accounts: Accounts, hashed: str) -> None:
        await accounts.create(name, hashed, Role.ADMIN)

    _with_password("create account", name, make)
    typer.echo(f"{name.strip().lower()} can log in now, as an admin")


def set_password(name: Names) -> None:
    """Change a password without the old one."""

    async def change(accounts: Accounts, hashed: str) -> None:
        await accounts.change(name, password_hash=hashed)

    _with_password("change account", name, change)
    typer.echo(f"{name} has a new password and must log in again")


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


def _with_password(action: str, name: str, work: Callable[[Accounts, str], Awaitable[None]]) -> None:
    """Do something with a new password's hash, and the accounts; the audit log tells of it."""
    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.scp.accounts import Accounts
    from streams.scp.audit import Actor, Audit
    from streams.scp.database import Database
    from streams.scp.passwords import Passwords, check_new

    password = _ask()
    check_new(password)

    async def run() -> None:
        loaded = settings.load()
        database = Database(loaded)
        try:
            await database.upgrade()
            who = Actor("(command line)", "", "")
            async with Audit(database, loaded.scp_audit_days).action(who, action, name):
                await work(Accounts(database), await Passwords().hash(password))
        finally:
            await database.close()

    run_to_end(run())


def _ask() -> str:
    """Return a password: typed twice on a terminal, else the first line of stdin."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
