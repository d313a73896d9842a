"""Who may log in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from streams.errors import BadInputError
from streams.scp.clock import now_ms
from streams.scp.database import Database, Matter
from streams.scp.roles import Role
from streams.scp.tables import Account, LoginRecord

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,126}")
"""How accounts may be named: as people and mail addresses are, in lower case."""
LOCAL: Final = "local"
OIDC: Final = "oidc"
ANONYMOUS: Final = "anonymous"


class NoAccountError(BadInputError):
    """There is no account of a name."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an OIDC provider has let in: its issuer and subject, and what it calls it."""

    issuer: str
    subject: str
    name: str


class Accounts:
    """The accounts of this installation.

    Every method raises an UnavailableError where the database does not answer.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, password_hash: str, role: Role) -> Account:
        """Make a local account.

        Raises:
            BadInputError: The name cannot be used, or is taken.
        """
        name = _checked(name)
        try:
            async with self._database.transaction() as session:
                account = _new(name, LOCAL, role)
                account.password_hash = password_hash
                session.add(account)
        except IntegrityError:
            raise BadInputError(f"there is an account named {name} already") from None
        return account

    async def find(self, name: str) -> Account | None:
        """Return the account of this name, in any case; None where there is none."""
        async with self._database.transaction() as session:
            return await _named(session, name)

    async def all(self) -> Sequence[Account]:
        """Return all accounts by name."""
        async with self._database.transaction() as session:
            return (await session.scalars(select(Account).order_by(Account.name))).all()

    async def anonymous(self, role: Role) -> Account:
        """Return the account under which documents of people are kept who need not log in."""
        async with self._database.turn(Matter.ACCOUNTS) as session:
            account = await session.scalar(select(Account).where(Account.source == ANONYMOUS))
            if account is None:
                account = _new(await _free_name(session, ANONYMOUS), ANONYMOUS, role)
                session.add(account)
            account.role = role.title
            return account

    async def admit(self, person: Person, role: Role) -> Account:
        """Return the account of somebody whom an OIDC provider has let in, with the role it has now.

        Where that is another one than before, its logins elsewhere end.
        """
        async with self._database.turn(Matter.ACCOUNTS) as session:
            account = await session.scalar(
                select(Account).where(Account.issuer == person.issuer, Account.subject == person.subject)
            )
            if account is None:
                account = _new(await _free_name(session, person.name), OIDC, role)
                account.issuer, account.subject = person.issuer, person.subject
                session.add(account)
            elif account.role != role.title:
                await session.execute(delete(LoginRecord).where(LoginRecord.account_id == account.id))
            account.role = role.title
            return account

    async def note_login(self, account: Account) -> None:
        """Note that somebody logs in now."""
        async with self._database.transaction() as session:
            await session.execute(
                update(Account).where(Account.id == account.id).values(last_login_ms=now_ms())
            )

    async def change(
        self,
        name: str,
        *,
        role: Role | None = None,
        is_active: bool | None = None,
        password_hash: str | None = None,
    ) -> Account:
        """Change what is given; whoever it is must log in again.

        Raises:
            NoAccountError: There is none of this name.
            BadInputError: It has no password, or nobody could manage accounts.
        """
        async with self._database.turn(Matter.ACCOUNTS) as session:
            account = await _existing(session, name)
            if password_hash is not None:
                if account.source != LOCAL:
                    raise BadInputError(f"{account.name} has no password here: {account.source}")
                account.password_hash = password_hash
            if role is not None:
                account.role = role.title
            if is_active is not None:
                account.is_active = is_active
            await session.flush()
            await _keep_an_admin(session, account)
            await session.execute(delete(LoginRecord).where(LoginRecord.account_id == account.id))
            return account

    async def remove(self, name: str) -> None:
        """Remove an account, its logins and its documents.

        Raises:
            NoAccountError: There is none of this name.
            BadInputError: Nobody could manage accounts.
        """
        async with self._database.turn(Matter.ACCOUNTS) as session:
            account = await _existing(session, name)
            account.is_active = False
            await session.flush()
            await _keep_an_admin(session, account)
            await session.delete(account)

    async def can_anybody_log_in(self) -> bool:
        """Tell whether there is an active local account."""
        async with self._database.transaction() as session:
            return bool(await session.scalar(select(func.count()).where(Account.source == LOCAL, _IS_ACTIVE)))


_IS_ACTIVE: Final = Account.is_active.is_(True)


def describe(account: Account) -> dict[str, Any]:
    """Return what admins may read of an account."""
    return {
        "username": account.name,
        "role": account.role,
        "source": account.source,
        "active": account.is_active,
        "created_ms": account.created_ms,
        "last_login_ms": account.last_login_ms,
    }


async def _named(session: AsyncSession, name: str) -> Account | None:
    name = name.lower()
    if not NAME.fullmatch(name):
        return None  # not asked for: databases refuse some of what is no name
    return await session.scalar(select(Account).where(Account.name == name))


async def _existing(session: AsyncSession, name: str) -> Account:
    account = await _named(session, name)
    if account is None or account.source == ANONYMOUS:
        raise NoAccountError(f"there is no account named {name[:127]!r}")
    return account


async def _keep_an_admin(session: AsyncSession, changed: Account) -> None:
    """Refuse a change that leaves no admin, unless there was none before it."""
    if changed.role == Role.ADMIN.title and changed.is_active:
        return
    admins = await session.scalar(
        select(func.count()).where(
            Account.role == Role.ADMIN.title, _IS_ACTIVE, Account.source.in_((LOCAL, OIDC))
        )
    )
    others = await session.scalar(select(func.count()).where(Account.source.in_((LOCAL, OIDC))))
    if not admins and others:
        raise BadInputError(f"{changed.name} is the last admin: make another one first")


async def _free_name(session: AsyncSession, wanted: str) -> str:
    base = re.sub(r"[^a-z0-9._@+-]", "-", wanted.lower()).lstrip("._@+-")[:100] or "somebody"
    name, number = base, 1
    while await session.scalar(select(Account.id).where(Account.name == name)) is not None:
        number += 1
        name = f"{base}-{number}"
    return name


def _checked(name: str) -> str:
    name = name.strip().lower()
    if not NAME.fullmatch(name) or name == ANONYMOUS:
        raise BadInputError(f"{name[:40]!r} cannot be a name: letters, digits and . _ @ + - can, 127 at most")
    return name


def _new(name: str, source: str, role: Role) -> Account:
    return Account(name=name, source=source, role=role.title, is_active=True, created_ms=now_ms())
