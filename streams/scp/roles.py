"""What people may do: four roles, each of which may do all that the ones before it may."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

from streams.errors import BadInputError


class Role(IntEnum):
    """A role; compare with ``>=``."""

    VIEWER = 1
    """Sees the dashboard and how the components are, and keeps documents of its own."""
    TRADER = 2
    """The same; documents are kept for it even where nobody logs in."""
    OPERATOR = 3
    """Controls the listeners, and reads the audit log."""
    ADMIN = 4
    """Manages accounts."""

    @property
    def title(self) -> str:
        """The name that people and settings use."""
        return self.name.lower()

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the role of this name.

        Raises:
            BadInputError: There is none; the message names all.
        """
        try:
            return cls[name.upper()]
        except KeyError:
            known = ", ".join(role.title for role in cls)
            raise BadInputError(f"no role is named {name!r}: one of {known}") from None
