"""Splits: how many shares a share of a past session has become.

Bars are asked for as they were traded, and adjusted here. Bars that the vendor adjusts hold the splits that
were known when it was asked: they could not be kept from one day to the next, and it is nowhere said from
which hour on they hold a split of the day itself. The list of splits holds it as soon as it is announced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple


class Split(NamedTuple):
    """From the opening of ``execution_date`` on, one share is ``shares`` shares."""

    symbol: str
    execution_date: date
    shares: float


class Splits:
    """The splits up to a day.

    Args:
        splits: In any order; one that is told twice counts once.
        last: The day; later splits do not count.
    """

    def __init__(self, splits: Iterable[Split], last: date) -> None:
        self._by_symbol: defaultdict[str, list[Split]] = defaultdict(list)
        for split in sorted({split for split in splits if split.execution_date <= last}):
            self._by_symbol[split.symbol].append(split)

    def shares(self, symbol: str, day: date) -> float:
        """Return how many shares a share of ``day`` has become."""
        shares = 1.0
        for split in self._by_symbol.get(symbol, ()):
            if split.execution_date > day:
                shares *= split.shares
        return shares
