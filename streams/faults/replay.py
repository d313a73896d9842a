"""How much the workers have read a second time."""

from __future__ import annotations

from collections import Counter
from typing import Final

from streams.demo.counts import Ledger
from streams.faults.market import ARTICLE
from streams.platform.components import NEWS, SCANNER

READ: Final = {
    SCANNER: ("events_processed", ("A", "AM")),
    "trades": ("events_processed", ("T", "LULD")),
    "quotes": ("events_processed", ("Q",)),
    NEWS: ("articles_read", (ARTICLE,)),
    "bars": ("events_processed", ("A", "AM", "T")),
}
"""By app: what its workers count, and the types of event in its topics."""


class Replays:
    """What was read of what was sent, since its creation.

    Args:
        ledger: The counters of all processes, over their restarts.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._before = {app: self._read(app) for app in READ}

    def count(self, sent: Counter[str]) -> int:
        """Return how many events were read again, of those ``sent`` by type.

        A worker that is killed tells no more of what it has read since it was last asked.
        """
        return sum(
            max(0, self._read(app) - before - sum(sent[kind] for kind in READ[app][1]))
            for app, before in self._before.items()
        )

    def _read(self, app: str) -> int:
        return self._ledger.total(f"{app} worker", READ[app][0])
