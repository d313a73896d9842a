"""What users keep: JSON documents by shelf and name, each with a version that changes must name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, select

from streams.errors import BadInputError, StreamsError
from streams.scp.clock import now_ms
from streams.scp.database import Database
from streams.scp.tables import Account, Document

SHELVES: Final = ("layouts", "watchlists", "screeners", "alert_rules")
MAX_BYTES: Final = 256 * 1024
"""Longest document."""
MAX_DOCUMENTS: Final = 200
"""Most documents of a user on a shelf."""
NAME: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\]{1,128}")
"""How documents may be named: as people like, but on one line, and in one part of a path."""


class ConflictError(StreamsError):
    """The document is not as whoever changes it thinks."""


class Shelves:
    """All users' documents.

    Every method raises an UnavailableError where the database does not answer.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

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
        _check(name)
        async with self._database.transaction() as session:
            return await session.get(Document, (account_id, shelf, name))

    async def put(
        self, account_id: int, shelf: str, name: str, content: str, expected: int | None
    ) -> Document:
        """Keep a document.

        Args:
            account_id: Whose.
            shelf: Of SHELVES.
            name: What its owner calls it.
            content: JSON.
            expected: The version that it replaces, 0 for none yet; None for whichever there is.

        Raises:
            ConflictError: There is another version.
            BadInputError: The name cannot be used, or there are too many documents.
        """
        _check(name)
        async with self._database.transaction() as session:
            # Two at the same time: the second finds what the first has made.
            owner = select(Account.id).where(Account.id == account_id).with_for_update()
            if await session.scalar(owner) is None:
                raise BadInputError("the account was removed")
            document = await session.get(Document, (account_id, shelf, name), with_for_update=True)
            _compare(document, expected)
            if document is None:
                mine = select(func.count()).where(Document.account_id == account_id, Document.shelf == shelf)
                if (await session.scalar(mine) or 0) >= MAX_DOCUMENTS:
                    raise BadInputError(f"there are {MAX_DOCUMENTS} {shelf} already: remove one first")
                document = Document(account_id=account_id, shelf=shelf, name=name, version=0)
                session.add(document)
            document.content, document.updated_ms = content, now_ms()
            # Never used again, also where the document was removed in between.
            document.version = max(document.version + 1, document.updated_ms)
            return document

    async def remove(self, account_id: int, shelf: str, name: str, expected: int | None) -> bool:
        """Remove a document; return whether there was one.

        Raises:
            ConflictError: There is another version than ``expected``.
            BadInputError: The name cannot be used.
        """
        _check(name)
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


def _check(name: str) -> None:
    if not NAME.fullmatch(name) or name.strip(" .") != name:
        raise BadInputError("that cannot be a name: 1 to 128 characters, no / and no \\")


def _compare(document: Document | None, expected: int | None) -> None:
    if expected is not None and expected != (0 if document is None else document.version):
        raise ConflictError("it was changed elsewhere since: load it again")
