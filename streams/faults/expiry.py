"""What may have expired: Redis forgets by the wall clock, and the market rests between two faults."""

from __future__ import annotations

from collections import Counter
from typing import Final

from streams import feeds
from streams.faults.results import Identity, Results

SHORT_LIVED: Final = (feeds.AGGREGATE, feeds.TOP_TRADES_ALL)
"""Feeds that a run may outlive: 300 and 60 seconds. Others stay for an hour and more."""


class Expiry:
    """Knows since when each short-lived result is as it is."""

    def __init__(self) -> None:
        self._since: dict[Identity, tuple[float, Counter[bytes]]] = {}

    def note(self, expected: Results, at: float) -> None:
        """Take what is expected of a piece that began ``at``, monotonic seconds."""
        for identity, values in expected.items():
            if _ttl(identity) is None:
                continue
            known = self._since.get(identity)
            if known is None or known[1] != values:
                self._since[identity] = at, values

    def without_expired(self, expected: Results, found: Results, now: float) -> Results:
        """Return what is expected ``now``, monotonic seconds: not what is gone and may have expired."""
        return {
            identity: values
            for identity, values in expected.items()
            if identity in found or not self._may_be_gone(identity, now)
        }

    def _may_be_gone(self, identity: Identity, now: float) -> bool:
        ttl = _ttl(identity)
        return ttl is not None and identity in self._since and now - self._since[identity][0] > ttl


def _ttl(identity: Identity) -> int | None:
    return next((feed.ttl for feed in SHORT_LIVED if feed.matches(identity[0])), None)
