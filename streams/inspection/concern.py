"""What of a record concerns a symbol: those of its events that are the symbol's, or the record as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

NAMES: Final = ("sym", "pair", "p", "T", "symbol", "ticker")
"""Where a symbol stands in an object: ``p`` is a forex quote's, ``T`` an LULD message's."""
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What bytes raise that are not what they are decoded as: too deep a nesting is a recursion."""

_items: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Record(NamedTuple):
    """Kafka's record; ``timestamp`` is ms since 1970 UTC, below 0 for none."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Found(NamedTuple):
    """A record that is wanted.

    Attributes:
        record: Kafka's.
        events: The slices of its array that are wanted; None for the whole value.
    """

    record: Record
    events: Sequence[bytes] | None = None

    @property
    def size(self) -> int:
        """Bytes of what is wanted."""
        return len(self.record.value or b"") if self.events is None else sum(map(len, self.events))


class Concern:
    """Picks from records what concerns a symbol.

    Args:
        symbol: As the vendor spells it; None picks everything.
    """

    def __init__(self, symbol: str | None) -> None:
        self._symbol = symbol
        self._bytes = b"" if symbol is None else symbol.encode("utf-8", "surrogatepass")

    def pick(self, record: Record) -> Found | None:
        """Return what of a record is wanted; None for nothing.

        What cannot be decoded is wanted where the symbol stands in it in quotes.
        """
        if self._symbol is None:
            return Found(record)
        value, is_its = record.value or b"", record.key == self._bytes
        if not (is_its or self._may_hold(value)):
            return None
        try:
            items: Sequence[bytes] = [bytes(item) for item in _items(value)]
        except UNREADABLE:
            items = ()
        events = [item for item in items if self._holds(item, self._symbol)]
        if events:
            return Found(record, events)
        return Found(record) if is_its or self._holds(value, self._symbol) else None

    def _may_hold(self, value: bytes) -> bool:
        # This tells nearly all records apart, at a hundredth of what decoding costs. An escape may hide it.
        return self._bytes in value or b"\\u" in value

    def _holds(self, value: bytes, symbol: str) -> bool:
        if not self._may_hold(value):
            return False
        try:
            return _mentions(msgspec.json.decode(value), symbol)
        except UNREADABLE:
            pass
        try:
            return _mentions(msgspec.msgpack.decode(value), symbol, keys=True)
        except UNREADABLE:
            return b'"' + self._bytes + b'"' in value


def _mentions(value: Any, symbol: str, *, keys: bool = False) -> bool:  # noqa: ANN401  any JSON
    """Tell whether a symbol stands in a value; ``keys`` where it may be a key of an object."""
    if isinstance(value, dict):
        named = symbol in value if keys else any(value.get(name) == symbol for name in NAMES)
        return named or any(_mentions(each, symbol, keys=keys) for each in value.values())
    if isinstance(value, list):
        return symbol in value or any(_mentions(each, symbol, keys=keys) for each in value)
    return False
