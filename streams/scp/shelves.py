"""What users keep: JSON documents by shelf and name, each with a version that changes must name."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from streams.errors import BadInputError, StreamsError
from streams.scp.clock import now_ms
from streams.scp.database import Database
from streams.scp.roles import Role
from streams.scp.tables import Account, Document

SCREENERS: Final = "screeners"
SHELVES: Final = ("layouts", "watchlists", SCREENERS, "alert_rules")
MAX_BYTES: Final = 256 * 1024
"""Longest document."""
MAX_DOCUMENTS: Final = 200
"""Most documents of a user on a shelf that has no bounds of its own."""
MAX_KEPT_BYTES: Final = 20 * 1024 * 1024
"""Most that a user keeps on all shelves."""
ANY: Final = -1
"""Whichever version there is, where a change needs one."""
NAME: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\]{1,128}")
"""How documents may be named: as people like, but on one line, and in one part of a path."""


class Bounds(NamedTuple):
    """How many documents a shelf holds at most: of each user, and of all."""

    each: int
    all: int


class Entry(NamedTuple):
    """A document without its content.

    Attributes:
        name: What its owner calls it.
        version: By which a change names it.
        updated_ms: When it was changed last, ms since 1970 UTC.
        bytes: How long its JSON is.
    """

    name: str
    version: int
    updated_ms: int
    bytes: int


class ConflictError(StreamsError):
    """The document is not as whoever changes it thinks."""


class Shelves:
    """All users' documents.

    Every method raises an UnavailableError where the database does not answer.

    Args:
        database: Where they are.
        bounds: Those of some shelves; others hold MAX_DOCUMENTS of each user.
    """

    def __init__(self, database: Database, bounds: Mapping[str, Bounds] = MappingProxyType({})) -> None:
        self._database = database
        self._bounds = bounds

    async def index(self, account_id: int, shelf: str) -> Sequence[Entry]:
        """Return what a user keeps on a shelf, by name; without the contents, which may be long."""
        mine = (
            select(Document.name, Document.version, Document.updated_ms, func.length(Document.content))
            .where(Document.account_id == account_id, Document.shelf == shelf)
            .order_by(Document.name)
        )
        async with self._database.transaction() as session:
            return [Entry(*row) for row in await session.execute(mine)]

    async def list(self, account_id: int, shelf: str) -> Sequence[Document]:
        """Return a user's documents on a shelf, by name."""
        mine = select(Document).where(Document.account_id == account_id, Document.shelf == shelf)
        async with self._database.transaction() as session:
            return (await session.scalars(mine.order_by(Document.name))).all()

    async def get(self, account_id: int, shelf: str, name: str) -> Document | None:
        """Return a document; None where there is none.

        Raises:
            BadInputError: The name cannot be used.
        """
        name = _checked(name)
        async with self._database.transaction() as session:
            return await session.get(Document, (account_id, shelf, name))

    async def everyones(self, shelf: str) -> Sequence[tuple[int, str, str]]:
        """Return account, name and content of the documents of all who are active, and more than viewers."""
        roles = [role.title for role in Role if role >= Role.TRADER]
        wanted = (
            select(Document.account_id, Document.name, Document.content)
            .join(Account, Account.id == Document.account_id)
            .where(Document.shelf == shelf, Account.is_active, Account.role.in_(roles))
            .order_by(Document.account_id, Document.name)
        )
        async with self._database.transaction() as session:
            return [(owner, name, content) for owner, name, content in await session.execute(wanted)]

    async def put(
        self, account_id: int, shelf: str, name: str, content: str, expected: int | None
    ) -> Document:
        """Keep a document.

        Args:
            account_id: Whose.
            shelf: Of SHELVES.
            name: What its owner calls it.
            content: JSON.
            expected: The version that it replaces, 0 for none yet, ANY for whichever there is; None for
                whichever there is, or none yet.

        Raises:
            ConflictError: There is another version.
            BadInputError: The name cannot be used, or there are too many documents.
        """
        name = _checked(name)
        async with self._database.transaction() as session:
            # Two at the same time: the second finds what the first has made.
            owner = select(Account.id).where(Account.id == account_id).with_for_update()
            if await session.scalar(owner) is None:
                raise BadInputError("the account was removed")
            document = await session.get(Document, (account_id, shelf, name), with_for_update=True)
            _compare(document, expected)
            await _check_kept(session, account_id, len(content) - (len(document.content) if document else 0))
            if document is None:
                await self._make_room(session, account_id, shelf)
                document = Document(account_id=account_id, shelf=shelf, name=name, version=0)
                session.add(document)
            document.content, document.updated_ms = content, now_ms()
            # Never used again, also where the document was removed in between.
            document.version = max(document.version + 1, document.updated_ms)
            return document

    async def _make_room(self, session: AsyncSession, account_id: int, shelf: str) -> None:
        bounds = self._bounds.get(shelf, Bounds(MAX_DOCUMENTS, sys.maxsize))
        of_all = select(func.count()).where(Document.shelf == shelf)
        if (await session.scalar(of_all.where(Document.account_id == account_id)) or 0) >= bounds.each:
            raise BadInputError(f"there are {bounds.each} {shelf} already: remove one first")
        if (await session.scalar(of_all) or 0) >= bounds.all:
            raise BadInputError(f"all users together have {bounds.all} {shelf} already: no more can be made")

    async def remove(self, account_id: int, shelf: str, name: str, expected: int | None) -> bool:
        """Remove a document; return whether there was one.

        Raises:
            ConflictError: There is another version than ``expected``.
            BadInputError: The name cannot be used.
        """
        name = _checked(name)
        async with self._database.transaction() as session:
            document = await session.get(Document, (account_id, shelf, name), with_for_update=True)
            if document is None:
                return False
            _compare(document, expected)
            await session.execute(
                delete(Document).where(
                    Document.account_id == account_id, Document.shelf == shelf, Document.name == name
                )
            )
            return True


def _checked(name: str) -> str:
    name = unicodedata.normalize("NFC", name)  # keyboards spell the same letters in several ways
    if not NAME.fullmatch(name) or name.strip(" .") != name:
        raise BadInputError("that cannot be a name: 1 to 128 characters, no / and no \\")
    return name


async def _check_kept(session: AsyncSession, account_id: int, more: int) -> None:
    kept = select(func.sum(func.length(Document.content))).where(Document.account_id == account_id)
    if more > 0 and (await session.scalar(kept) or 0) + more > MAX_KEPT_BYTES:
        raise BadInputError(f"you keep {MAX_KEPT_BYTES // 1024 // 1024} MiB already: remove something first")


def _compare(document: Document | None, expected: int | None) -> None:
    if expected == ANY:
        fits = document is not None
    else:
        fits = expected is None or expected == (0 if document is None else document.version)
    if not fits:
        raise ConflictError("it was changed elsewhere since: load it again")
