"""What a client has subscribed: channels such as ``T.*`` or ``Q.AAPL``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

CHANNELS: Final = frozenset({"T", "Q", "A", "AM", "LULD", "NOI", "FMV", "XT", "XQ", "XA", "C", "CA"})
"""Every event type that can be subscribed."""
ALL: Final = "*"


def is_channel(channel: str) -> bool:
    """Tell whether ``channel`` is an event type, a dot, and a symbol or ``*``."""
    kind, _, symbol = channel.partition(".")
    return kind in CHANNELS and bool(symbol)


class Subscriptions:
    """The channels of one client."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._single: dict[str, set[str]] = {}

    def __bool__(self) -> bool:
        """Tell whether anything is subscribed."""
        return bool(self._whole or self._single)

    def add(self, channel: str) -> None:
        """Subscribe a channel."""
        kind, _, symbol = channel.partition(".")
        if symbol == ALL:
            self._whole.add(kind)
        else:
            self._single.setdefault(kind, set()).add(symbol)

    def remove(self, channel: str) -> bool:
        """Unsubscribe ``channel``; return False where it was not subscribed."""
        kind, _, symbol = channel.partition(".")
        if symbol == ALL:
            known = kind in self._whole
            self._whole.discard(kind)
            return known
        symbols = self._single.get(kind, set())
        known = symbol in symbols
        symbols.discard(symbol)
        if not symbols:
            self._single.pop(kind, None)
        return known

    def covers(self, kinds: Iterable[str]) -> bool:
        """Tell whether every symbol of all ``kinds`` is subscribed."""
        return self._whole.issuperset(kinds)

    def touches(self, kinds: Iterable[str]) -> bool:
        """Tell whether anything of ``kinds`` is subscribed."""
        return any(kind in self._whole or kind in self._single for kind in kinds)

    def wants(self, kind: str, symbol: str) -> bool:
        """Tell whether events of ``kind`` and ``symbol`` are subscribed."""
        return kind in self._whole or symbol in self._single.get(kind, ())
