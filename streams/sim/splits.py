"""Splits of the simulated market: which symbols have split lately, and bars before and after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec
import numpy as np

from streams.sessions import MarketCalendar
from streams.sim.symbols import Listing

SPLIT_SHARE: Final = 0.02
"""How many of the synthetic listings have split lately."""
SESSIONS: Final = 30
"""Splits lie on the first simulated day and on this many sessions before."""
_FORWARD: Final = ((1, 2), (1, 4), (1, 10), (2, 3), (20, 21))
_REVERSE: Final = ((10, 1), (25, 1), (3, 2))
_REVERSE_ABOVE: Final = 1.0
"""Dollars: a reverse split leads up to a price like this."""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """``split_from`` shares become ``split_to`` when the market opens on ``execution_date``."""

    execution_date: date
    split_from: float
    split_to: float

    @property
    def kind(self) -> str:
        """The vendor's word for it."""
        return "forward_split" if self.split_to > self.split_from else "reverse_split"


SplitsBySymbol = dict[str, tuple[Split, ...]]


def synthetic_splits(
    listings: Iterable[Listing], first_day: date, *, seed: int, calendar: MarketCalendar
) -> SplitsBySymbol:
    """Return the splits of the synthetic market; the same for the same arguments.

    Some lie on ``first_day``: they change the price between the previous close and that day.
    """
    listed = list(listings)
    rng = np.random.default_rng([seed, 6])
    days = [first_day]
    while len(days) <= SESSIONS:
        days.append(calendar.previous_session(days[-1]))
    count = int(np.ceil(len(listed) * SPLIT_SHARE))
    chosen = rng.permutation(len(listed))[:count]
    found = {}
    for number, index in enumerate(chosen.tolist()):
        listing = listed[index]
        ratios = _REVERSE if listing.price > _REVERSE_ABOVE and rng.random() < 1 / 2 else _FORWARD
        dates = {days[number % len(days)]}
        if number % 5 == 1:
            dates.add(days[int(rng.integers(len(days)))])
        found[listing.symbol] = tuple(
            _split(day, *ratios[int(rng.integers(len(ratios)))]) for day in sorted(dates)
        )
    return found


def shares_after(splits: Iterable[Split], day: date, last: date) -> float:
    """Return how many shares one share of a past day has become by the opening of ``last``."""
    shares = 1.0
    for split in splits:
        if day < split.execution_date <= last:
            shares *= split.split_to / split.split_from
    return shares


def _split(day: date, split_from: int, split_to: int) -> Split:
    return Split(execution_date=day, split_from=split_from, split_to=split_to)
