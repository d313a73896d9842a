"""``streams scp …``: the accounts of those who log in, for who can reach the database."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from streams.scp.accounts import Accounts
    from streams.scp.audit import Audit

Name = Annotated[str, typer.Argument(help="The account's name.")]
RoleName = Literal["viewer", "trader", "operator", "admin"]


def add_to(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(
        "create-admin",
        help="Make an account that may do everything; the password is asked for, or read from stdin.",
        epilog="Example: streams scp create-admin alice < password.txt",
    )(create_admin)
    group.command(
        "create-account",
        help="Make an account of any role; its password comes as an admin's does.",
        epilog="Example: streams scp create-account bob --role operator < password.txt",
    )(create_account)
    group.command(
        "accounts",
        help="List the accounts: role, where they come from, whether they may log in, when they last did.",
        epilog="Example: streams scp accounts --json",
    )(accounts)
    group.command(
        "set-password",
        help="Give a local account a new password; its logins end.",
        epilog="Example: streams scp set-password alice",
    )(set_password)
    group.command(
        "set-role",
        help="Give an account another role; its logins end.",
        epilog="Example: streams scp set-role bob viewer",
    )(set_role)
    group.command(
        "disable",
        help="Let an account log in no more; its logins end, what it keeps stays.",
        epilog="Example: streams scp disable bob",
    )(disable)
    group.command(
        "enable",
        help="Let a disabled account log in again.",
        epilog="Example: streams scp enable bob",
    )(enable)


def create_admin(name: Name = "admin") -> None:
    """Make the first account, or a further admin."""
    create_account(name, role="admin")


def create_account(
    name: Name, *, role: Annotated[RoleName, typer.Option(help="What it may do.")] = "viewer"
) -> None:
    """Make a local account."""
    from streams.scp.passwords import Passwords
    from streams.scp.roles import Role

    password = _new_password()

    async def create(them: Accounts) -> None:
        await them.create(name, await Passwords().hash(password), Role.named(role))

    _change("create account", name, create, f"role={role}")
    typer.echo(f"{name.strip().lower()} can log in now, with the role {role}")


def set_password(name: Name) -> None:
    """Change a password without the old one."""
    from streams.scp.passwords import Passwords

    password = _new_password()

    async def change(them: Accounts) -> None:
        await them.change(name, password_hash=await Passwords().hash(password))

    _change("change account", name, change, "password=(new)")
    typer.echo(f"{name} has a new password and must log in again")


def set_role(name: Name, role: Annotated[RoleName, typer.Argument(help="What it may do.")]) -> None:
    """Change a role."""
    from streams.scp.roles import Role

    _change("change account", name, lambda them: them.change(name, role=Role.named(role)), f"role={role}")
    typer.echo(f"{name} has the role {role} and must log in again")


def disable(name: Name) -> None:
    """Close an account."""
    _change("change account", name, lambda them: them.change(name, is_active=False), "active=False")
    typer.echo(f"{name} can log in no more")


def enable(name: Name) -> None:
    """Open an account again."""
    _change("change account", name, lambda them: them.change(name, is_active=True), "active=True")
    typer.echo(f"{name} can log in")


def accounts(
    *, json: Annotated[bool, typer.Option("--json", help="One JSON array on stdout.")] = False
) -> None:
    """Show who can log in."""
    import msgspec

    from streams.cli.tasks import run_to_end
    from streams.scp.accounts import describe

    async def read() -> list[dict[str, Any]]:
        async with _installation() as (them, _):
            return [describe(account) for account in await them.all()]

    found = run_to_end(read())
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    if not found:
        typer.echo("no accounts yet: streams scp create-admin", err=True)
    width = max((len(account["username"]) for account in found), default=0)
    for account in found:
        state = "active" if account["active"] else "disabled"
        login = _time(account["last_login_ms"])
        kind = f"{account['role']:8}  {account['source']:9}  {state:8}"
        typer.echo(f"{account['username']:{width}}  {kind}  {login}")


def _time(at_ms: int | None) -> str:
    return "-" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}Z"


def _change(action: str, name: str, work: Callable[[Accounts], Awaitable[object]], detail: str) -> None:
    """Change an account; the audit log tells of it, and by whom on this machine."""
    from streams.cli.tasks import run_to_end
    from streams.scp.audit import Actor

    async def change() -> None:
        async with _installation() as (them, audit):
            who = Actor(f"(command line: {_person()})", "", "")
            async with audit.action(who, action, name, detail):
                await work(them)

    run_to_end(change())


@asynccontextmanager
async def _installation() -> AsyncIterator[tuple[Accounts, Audit]]:
    from streams import settings
    from streams.scp.accounts import Accounts
    from streams.scp.audit import Audit
    from streams.scp.database import Database

    loaded = settings.load()
    database = Database(loaded)
    try:
        await database.upgrade()
        yield Accounts(database), Audit(database, loaded.scp_audit_days)
    finally:
        await database.close()


def _new_password() -> str:
    """Return a password: the setting's, typed twice on a terminal, else the first line of stdin."""
    from streams import settings
    from streams.scp.passwords import check_new

    given = settings.load().scp_new_password
    if given is not None:
        password = given.get_secret_value()
    elif sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    check_new(password)
    return password


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"  # containers have users without a name
