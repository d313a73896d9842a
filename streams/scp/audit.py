"""The audit log: who did what, when, from where, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select, update

from streams.errors import StreamsError
from streams.scp.clock import now_ms
from streams.scp.database import Database
from streams.scp.tables import AuditRecord

BEGUN: Final = "begun"
OK: Final = "ok"
REFUSED: Final = "refused"
FAILED: Final = "failed"
DAY_MS: Final = 86_400_000
MAX_DETAIL: Final = 1_000
SWEEP_EVERY: Final = 200
"""Old entries are removed once in so many new ones."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: the account's name, its role's name, and the address."""

    name: str
    role: str
    address: str


class Audit:
    """The log. Nothing that it is for is done without an entry: where the database is away, nothing is done.

    Every method raises an UnavailableError where the database does not answer.

    Args:
        database: Where it is.
        days: How long entries are kept.
    """

    def __init__(self, database: Database, days: int) -> None:
        self._database = database
        self._kept_ms = days * DAY_MS

    async def write(self, who: Actor, action: str, target: str, result: str, detail: str = "") -> int:
        """Add an entry; return its number."""
        async with self._database.transaction() as session:
            record = AuditRecord(
                at_ms=now_ms(),
                account=_line(who.name, 128),
                role=who.role,
                address=_line(who.address, 64),
                action=_line(action, 64),
                target=_line(target, 256),
                result=result,
                detail=_line(detail, MAX_DETAIL),
            )
            session.add(record)
            await session.flush()
            if record.id % SWEEP_EVERY == 0:
                old = AuditRecord.at_ms < now_ms() - self._kept_ms
                await session.execute(delete(AuditRecord).where(old))
            return record.id

    @asynccontextmanager
    async def action(self, who: Actor, action: str, target: str, detail: str = "") -> AsyncIterator[None]:
        """Log the block: as begun before it, and then how it ended. What it raises goes on."""
        number = await self.write(who, action, target, BEGUN, detail)
        try:
            yield
        except StreamsError as error:
            await self._end(number, FAILED, f"{detail} {error}".strip())
            raise
        except BaseException as error:
            await self._end(number, FAILED, f"{detail} {type(error).__name__}".strip())
            raise
        await self._end(number, OK, detail)

    async def read(self, limit: int, before: int | None = None) -> Sequence[AuditRecord]:
        """Return entries, the newest first.

        Args:
            limit: Most of them.
            before: Only those with a smaller number.
        """
        query = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRecord.id < before)
        async with self._database.transaction() as session:
            return (await session.scalars(query)).all()

    async def _end(self, number: int, result: str, detail: str) -> None:
        async with self._database.transaction() as session:
            await session.execute(
                update(AuditRecord)
                .where(AuditRecord.id == number)
                .values(result=result, detail=_line(detail, MAX_DETAIL))
            )


def _line(text: str, longest: int) -> str:
    """Return text that came from outside as one line that every database takes."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:longest])
