"""What is asked of a topic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from streams.errors import BadInputError
from streams.inspection.told import MOST_BYTES
from streams.settings import Settings
from streams.topics import CATALOGUE, Topic

DEFAULT_RECORDS: Final = 20
MOST_RECORDS: Final = 200
LONGEST_SYMBOL: Final = 64
_MARK: Final = re.compile(r"(\d{1,9}):(\d{1,18})")

Marks = Mapping[int, int]
"""An offset for each partition."""


class NoTopicError(BadInputError):
    """The installation has no topic of that name."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which records are wanted. With no start given, the newest.

    Attributes:
        topic: Of which topic.
        symbol: Only what concerns this symbol.
        partition: Only of this partition.
        offset: From this offset on: one partition's.
        time_ms: From the first record on that is not older, ms since 1970.
        onward: From these offsets on: where an earlier answer ended.
        before: The newest before these offsets: where an earlier answer began.
        most: Most records.
        most_bytes: Most bytes of their values, but for one record that has more.
    """

    topic: Topic
    symbol: str | None = None
    partition: int | None = None
    offset: int | None = None
    time_ms: int | None = None
    onward: Marks | None = None
    before: Marks | None = None
    most: int = DEFAULT_RECORDS
    most_bytes: int = MOST_BYTES

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            BadInputError: There are several starts, or a value cannot be.
        """
        starts = (self.offset, self.time_ms, self.onward, self.before)
        if sum(start is not None for start in starts) > 1:
            raise BadInputError(
                "one start alone: an offset, a time, the newest, or where another answer ended"
            )
        if not 1 <= self.most <= MOST_RECORDS:
            raise BadInputError(f"{self.most} records: 1 to {MOST_RECORDS} can be asked for")
        if self.symbol is not None and not 1 <= len(self.symbol) <= LONGEST_SYMBOL:
            raise BadInputError(f"a symbol has 1 to {LONGEST_SYMBOL} characters")

    @property
    def is_onward(self) -> bool:
        """Whether it is read from a start towards the end, not from an end back."""
        return not (self.offset is None and self.time_ms is None and self.onward is None)

    @property
    def marks(self) -> Marks | None:
        """Where it goes on from another answer; None where it does not."""
        return self.onward if self.onward is not None else self.before


def topic_named(settings: Settings, name: str) -> Topic:
    """Return the catalogue's topic of a name, with or without the installation's prefix.

    Raises:
        NoTopicError: There is none; the message names all.
    """
    for topic in CATALOGUE:
        if name in {settings.topic(topic), topic.suffix}:
            return topic
    known = ", ".join(map(settings.topic, CATALOGUE))
    raise NoTopicError(f"no topic is named {name[:80]!r}: one of {known}")


def parse_marks(text: str) -> Marks:
    """Return what `told_marks` wrote.

    Raises:
        BadInputError: It did not write that.
    """
    found = [_MARK.fullmatch(part) for part in text.split(",")]
    known = {int(match[1]): int(match[2]) for match in found if match is not None}
    if len(known) < len(found):
        raise BadInputError(f"{text[:40]!r} must look like PARTITION:OFFSET,…, each partition once")
    return known


def told_marks(marks: Marks) -> str:
    """Return offsets as a text: ``0:17,3:120``."""
    return ",".join(f"{number}:{offset}" for number, offset in sorted(marks.items()))
