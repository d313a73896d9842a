"""A user-defined board: which rows stand on it, and in which order."""

from __future__ import annotations

import hashlib

import msgspec

from streams.sessions import Session


class Range(msgspec.Struct, frozen=True):
    """Bounds of a number, both included.

    Attributes:
        field: The number, one of NUMBERS.
        minimum: Its least value, None for any; maximum: its greatest.
    """

    field: str
    minimum: float | None = None
    maximum: float | None = None


class Choice(msgspec.Struct, frozen=True):
    """What a text may be.

    Attributes:
        field: The text, one of TEXTS.
        values: What it may be.
        negated: Whether it may be everything else instead.
    """

    field: str
    values: tuple[str, ...]
    negated: bool = False


class Conditions(msgspec.Struct, frozen=True):
    """Some conditions, however they are joined. None of them holds where its value is not known.

    Attributes:
        ranges: Those of numbers, by name.
        choices: Those of texts, by name.
    """

    ranges: tuple[Range, ...] = ()
    choices: tuple[Choice, ...] = ()


class Screener(msgspec.Struct, frozen=True):
    """The definition of a board. A row whose number of the order is unknown has no place on it.

    Attributes:
        name: The feed's name after ``scanners:``.
        sort: The number that it is ordered by, one of NUMBERS; ties by symbol.
        descending: Whether the greatest comes first.
        size: Most rows.
        all: What must hold.
        any: Of these one must hold, where there are some.
        none: What must not hold: a row whose value is unknown stays.
        sessions: The sessions in which a row's newest bar may lie; none stands for all.
    """

    name: str
    sort: str
    descending: bool
    size: int
    all: Conditions = Conditions()
    any: Conditions = Conditions()
    none: Conditions = Conditions()
    sessions: tuple[Session, ...] = ()

    @property
    def version(self) -> str:
        """What tells this definition from every other: all of it, hashed."""
        return hashlib.blake2b(msgspec.json.encode(self), digest_size=8).hexdigest()
