"""How much each client may ask over HTTP, where it has no connection that remembers."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from streams.wds.allowance import Allowance, Pace

KEPT: Final = 10_000
"""Most clients that are remembered; beyond it the one that has asked for the longest time nothing is not."""


class Throttle:
    """The allowances of clients that come and go.

    Args:
        pace: How fast each may ask.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._allowances: OrderedDict[str, Allowance] = OrderedDict()

    def try_take(self, who: str) -> float:
        """Take one request of a client; return in how many seconds it may come again, 0 for taken."""
        allowance = self._allowances.get(who)
        if allowance is None:
            allowance = self._allowances[who] = Allowance(self._pace)
            if len(self._allowances) > KEPT:
                self._allowances.popitem(last=False)
        self._allowances.move_to_end(who)
        return allowance.try_take()
