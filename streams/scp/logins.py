"""Logins: what a browser's cookie stands for. They are kept on the server and can be ended there."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from sqlalchemy import ColumnElement, delete, or_, select, update

from streams.scp.clock import now_ms
from streams.scp.database import Database
from streams.scp.refusals import RefusedError
from streams.scp.tables import Account, LoginRecord
from streams.settings import Settings

SEEN_EVERY_MS: Final = 60_000
"""A use is noted when the last one noted is this old: not each request writes."""
MAX_OF_ACCOUNT: Final = 50
"""Most logins of an account; the one that was used longest ago ends then."""


@dataclass(frozen=True, slots=True)
class Login:
    """A new login: the token goes into the cookie and is kept nowhere."""

    token: str
    csrf: str


class Logins:
    """The logins of this installation.

    Every method raises an UnavailableError where the database does not answer.

    Args:
        database: Where they are.
        settings: How long they last.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._longest_ms = int(settings.scp_session_max_s * 1000)
        self._idle_ms = int(settings.scp_session_idle_s * 1000)

    async def begin(self, account: Account, address: str, agent: str) -> Login:
        """Make a login; it has a new token, whatever the browser had before.

        Raises:
            RefusedError: Since it was checked, the account was removed, closed, or got another password.
        """
        login = Login(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        async with self._database.transaction() as session:
            checked = select(Account.id).where(
                Account.id == account.id,
                Account.is_active,
                Account.password_hash.is_not_distinct_from(account.password_hash),
            )
            if await session.scalar(checked.with_for_update()) is None:
                raise RefusedError(HTTPStatus.UNAUTHORIZED, "the account has just been changed: log in again")
            await session.execute(delete(LoginRecord).where(self._is_over()))
            of_account = select(LoginRecord.id).where(LoginRecord.account_id == account.id)
            stale = of_account.order_by(LoginRecord.seen_ms.desc()).offset(MAX_OF_ACCOUNT - 1)
            await session.execute(
                delete(LoginRecord).where(LoginRecord.id.in_((await session.scalars(stale)).all()))
            )
            session.add(
                LoginRecord(
                    id=secrets.token_hex(8),
                    token_hash=_digest(login.token),
                    csrf=login.csrf,
                    account_id=account.id,
                    created_ms=now_ms(),
                    seen_ms=now_ms(),
                    address=address[:64],
                    agent=agent[:256],
                )
            )
        return login

    async def find(self, token: str) -> tuple[LoginRecord, Account] | None:
        """Return the login of a token and its account; None where it is over, or the account is closed."""
        async with self._database.transaction() as session:
            found = (
                await session.execute(
                    select(LoginRecord, Account)
                    .join(Account, Account.id == LoginRecord.account_id)
                    .where(LoginRecord.token_hash == _digest(token), ~self._is_over(), Account.is_active)
                )
            ).one_or_none()
            if found is None:
                return None
            record, account = found
            if now_ms() - record.seen_ms > min(SEEN_EVERY_MS, self._idle_ms / 4):
                await session.execute(
                    update(LoginRecord).where(LoginRecord.id == record.id).values(seen_ms=now_ms())
                )
            return record, account

    async def of(self, account_id: int) -> Sequence[LoginRecord]:
        """Return an account's logins, the one that was used last first."""
        async with self._database.transaction() as session:
            mine = select(LoginRecord).where(LoginRecord.account_id == account_id, ~self._is_over())
            return (await session.scalars(mine.order_by(LoginRecord.seen_ms.desc()))).all()

    async def end(self, account_id: int, *, id: str | None = None, but: str | None = None) -> int:  # noqa: A002  its name
        """End one login of an account, or all but one; return how many there were."""
        condition = LoginRecord.id == id if id is not None else LoginRecord.id != (but or "")
        async with self._database.transaction() as session:
            ended = await session.execute(
                delete(LoginRecord)
                .where(LoginRecord.account_id == account_id, condition)
                .returning(LoginRecord.id)
            )
            return len(ended.all())

    def _is_over(self) -> ColumnElement[bool]:
        now = now_ms()
        return or_(LoginRecord.created_ms < now - self._longest_ms, LoginRecord.seen_ms < now - self._idle_ms)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
