"""What is lost and what is doubled, against an undisturbed run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from streams.faults.results import Identity, Results

SHOWN: Final = 3
NONE: Final[Counter[bytes]] = Counter()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Where the results of two runs differ.

    Attributes:
        lost: What the undisturbed run has and the other does not, or not with that value.
        doubled: What is there more often than in the undisturbed run, or only here.
    """

    lost: Counter[Identity] = field(default_factory=Counter)
    doubled: Counter[Identity] = field(default_factory=Counter)

    @property
    def agrees(self) -> bool:
        """Whether the runs agree."""
        return not (self.lost or self.doubled)

    def beyond(self, known: Comparison) -> Comparison:
        """Return what differs here and did not before."""
        return Comparison(
            Counter({key: count for key, count in self.lost.items() if key not in known.lost}),
            Counter({key: count for key, count in self.doubled.items() if key not in known.doubled}),
        )

    def lines(self) -> list[str]:
        """Return the first differences, for people."""
        return [
            *(f"lost: {key} {entry}".rstrip() for key, entry in list(self.lost)[:SHOWN]),
            *(f"doubled: {key} {entry}".rstrip() for key, entry in list(self.doubled)[:SHOWN]),
        ]


def compare(expected: Results, found: Results) -> Comparison:
    """Compare the results of a run with those of an undisturbed one.

    An entry that is there with another value is lost, once; a further copy of it would be doubled.
    """
    lost: Counter[Identity] = Counter()
    doubled: Counter[Identity] = Counter()
    for identity in expected.keys() | found.keys():
        wanted, there = expected.get(identity, NONE), found.get(identity, NONE)
        if wanted == there:
            continue
        if missing := (wanted - there).total():
            lost[identity] = missing
        if (more := there.total() - wanted.total()) > 0:
            doubled[identity] = more
    return Comparison(lost, doubled)
