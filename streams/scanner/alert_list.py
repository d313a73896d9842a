"""The newest alerts of one direction, in the order of their time."""

from __future__ import annotations

from bisect import bisect_left

from streams.scanner.alert import ListedAlert


class AlertList:
    """Alerts in order, each once, the oldest of too many gone.

    The list depends on which alerts were added, not on their order or on how often.

    Args:
        bound: Most alerts that are kept.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._places: list[tuple[float, str, int, str]] = []
        self._values: list[bytes] = []

    def add(self, alert: ListedAlert, value: bytes) -> bool:
        """Put an alert in its place; return whether it changed the list."""
        places, place = self._places, alert.place
        position = bisect_left(places, place)
        if position < len(places) and places[position] == place:
            return False
        is_full = len(places) >= self._bound
        if is_full and position == 0:
            return False
        places.insert(position, place)
        self._values.insert(position, value)
        if is_full:
            del places[0], self._values[0]
        return True

    def values(self) -> list[bytes]:
        """Return the alerts, newest first."""
        return self._values[::-1]
