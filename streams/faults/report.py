"""What came of the faults: a table for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one fault; the names are those of the JSON object.

    Attributes:
        name: The fault's name.
        recovery_s: Seconds from the fault (one that lasts: from its end) until all processes were at work,
            the workers' lag, the age of what WebSocket clients are sent and the number of keys in
            Redis were as they had been; None where they never were.
        replayed: Events and articles that workers read a second time.
        lost: Results of an undisturbed run that are missing or differ: a board's row, a symbol's value, an
            alert, an article.
        doubled: Results that are there more often than in an undisturbed run, or only here.
        unreceived: Events that the vendor had sent and that died with a listener: nobody has them.
    """

    name: str
    recovery_s: float | None
    replayed: int
    lost: int
    doubled: int
    unreceived: int = 0

    @property
    def is_well(self) -> bool:
        """Whether the platform recovered with all results as they should be."""
        return self.recovery_s is not None and not (self.lost or self.doubled)


@dataclass(slots=True)
class Report:
    """What has come of the faults so far, one object in JSON.

    Attributes:
        faults: The outcomes, in the order of the faults.
    """

    faults: list[Outcome] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether all of it went well."""
        return all(outcome.is_well for outcome in self.faults)

    def json(self) -> str:
        """Return the JSON object on one line."""
        return msgspec.json.encode(self).decode()


class Table:
    """The table of outcomes.

    Args:
        names: The faults' names: the first column is as wide as the longest.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._width = max(map(len, ("fault", *names)))
        self.head = f"{'fault':{self._width}}  {'recovery':>9}  {'replayed':>9}  {'lost':>6}  {'doubled':>7}"

    def row(self, outcome: Outcome) -> str:
        """Return the row of an outcome."""
        recovery = "never" if outcome.recovery_s is None else f"{outcome.recovery_s:.1f} s"
        note = f"   {outcome.unreceived:,} events died with it" if outcome.unreceived else ""
        return (
            f"{outcome.name:{self._width}}  {recovery:>9}  {outcome.replayed:>9,}  {outcome.lost:>6,}  "
            f"{outcome.doubled:>7,}{note}"
        )
