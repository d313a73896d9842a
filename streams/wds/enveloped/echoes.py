"""Entries that were in a snapshot before they were published.

Whoever pushes and publishes in one script has none. With two commands an entry can be read in between; it
must not come twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

LASTS_S: Final = 1.0
"""For so long after a snapshot its entries are known again, and as long as others may wait to be sent."""
NEWEST: Final = 100
"""So many of a list's newest entries may have been on their way."""


class Echoes:
    """The newest entries of a snapshot, for a while.

    Args:
        entries: The snapshot's, newest first.
        gathered: What had been published when it was read, and not yet been sent: the snapshot holds it, as
            it is or changed by what came later.
        interval_s: How long that may wait, in seconds.
    """

    __slots__ = ("_entries", "_until")

    def __init__(self, entries: Sequence[bytes], gathered: Sequence[bytes], interval_s: float) -> None:
        # One that is in both comes once.
        self._entries = Counter(entries[:NEWEST]) | Counter(gathered)
        self._until = time.monotonic() + interval_s + LASTS_S

    @property
    def are_over(self) -> bool:
        """Whether nothing is to be known again any more."""
        return not self._entries or time.monotonic() > self._until

    def take(self, payload: bytes) -> bool:
        """Tell whether what is published was in the snapshot; each entry is known again once."""
        if self.are_over or not self._entries[payload]:
            return False
        self._entries[payload] -= 1
        return True
