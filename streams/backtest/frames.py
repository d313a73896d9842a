"""The bars and trades of recorded frames, and the count of all else that is in them."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, Final

import msgspec

from streams import topics
from streams.bars.traded import TradeHead
from streams.events import Aggregate, MinuteAggregate
from streams.listeners.split import STATUS, Reason, cut_items
from streams.telemetry import Counters, Reporter

logger = logging.getLogger(__name__)

MALFORMED: Final = "malformed"
"""Why an event of a known type is rejected."""
EXCERPT_BYTES: Final = 80
"""How much of what cannot be used a log line shows."""
Used = Aggregate | TradeHead
"""What the rules apply to."""
_USED: Final[dict[type, str]] = {Aggregate: "A", MinuteAggregate: "AM", TradeHead: "T"}
_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises: bad JSON or types, bad UTF-8, and arrays nested a thousand deep."""


class _Head(msgspec.Struct, gc=False):
    ev: Any = None


_head: Final = msgspec.json.Decoder(_Head).decode


class FrameReader:
    """Reads frames, in the order of the recording.

    A frame is decoded once: bars and trades to typed events, every other type to no more than its name. What
    the listener and the workers would not take, it does not.

    Args:
        counters: Counts ``events`` by type, and ``events_rejected`` by reason.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._reporter = Reporter(logger)
        others = {topics.AGGREGATES, topics.TRADES, topics.QUOTES, topics.HALTS}
        names = {ev for topic in others for ev in topic.events} - set(_USED.values())
        self._types: dict[type, str] = dict(_USED)
        for name in sorted(names | {STATUS}):
            self._types[msgspec.defstruct(f"_{name}", [], tag_field="ev", tag=name, gc=False)] = name
        kind: Any = Aggregate
        for other in list(self._types)[1:]:
            kind = kind | other
        self._decode = msgspec.json.Decoder(list[kind]).decode
        self._item = msgspec.json.Decoder(kind).decode

    def read(self, frame: bytes) -> list[Used]:
        """Return the bars and trades of a frame, in arrival order. A bad event costs itself alone."""
        try:
            if not frame.isascii():
                frame.decode()
            events: list[Any] = self._decode(frame)
        except _ERRORS:
            events = self._read_each(frame)
        found = Counter(map(type, events))
        for kind, count in found.items():
            self._counters.add("events", count, self._types[kind])
        if found.keys() <= _USED.keys():
            return events
        return [event for event in events if type(event) in _USED]

    def _read_each(self, frame: bytes) -> list[Any]:
        """The way of a frame that does not decode: item by item."""
        items = cut_items(frame)
        if items is None:
            self._reject(Reason.NOT_AN_ARRAY, frame)
            return []
        events: list[Any] = []
        for item in items:
            try:
                item.decode()
                events.append(self._item(item))
            except _ERRORS:
                self._reject(self._why(item), item)
        return events

    def _why(self, item: bytes) -> str:
        try:
            name = _head(item).ev
        except _ERRORS:
            return Reason.BAD_EVENT
        if not isinstance(name, str):
            return Reason.BAD_EVENT
        return MALFORMED if name in self._types.values() else Reason.UNKNOWN_TYPE

    def _reject(self, reason: str, data: bytes) -> None:
        self._counters.add("events_rejected", reason=reason)
        self._reporter.warn(f"not usable ({reason})", repr(data[:EXCERPT_BYTES]))
