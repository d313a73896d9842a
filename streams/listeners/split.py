"""Cuts a vendor's frame into slices by event type and partition, bytes unchanged.

The frame is decoded twice: to the raw bytes of each event, and to just its type and symbol. That is cheaper
than decoding events and encoding them again, and keeps what the vendor sent byte for byte
(``benchmarks/split.py`` shows how fast).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from streams.records import partition_of
from streams.topics import UNKNOWN, topic_of_event

STATUS: Final = "status"
"""The type of the vendor's own messages about the connection."""
MAX_SYMBOLS: Final = 65_536
"""Most symbols of one event type whose partition is kept; beyond it they are found anew."""
_LONGEST_KEPT_SYMBOL: Final = 64


class Reason(StrEnum):
    """Why something goes to md.unknown."""

    NOT_AN_ARRAY = "not_an_array"
    """The frame is no JSON array: truncated, or something else altogether."""
    BAD_EVENT = "bad_event"
    """The item is no JSON object with a type that is a string."""
    NO_SYMBOL = "no_symbol"
    """The event names no symbol."""
    UNKNOWN_TYPE = "unknown_type"
    """No topic holds events of this type."""


class Slice(NamedTuple):
    """Events of one type and partition, in arrival order.

    Attributes:
        event_type: The vendor's ``ev``.
        partition: The partition of their symbols.
        events: How many there are.
        data: The events' bytes, joined by commas.
    """

    event_type: str
    partition: int
    events: int
    data: bytes


class Status(msgspec.Struct, frozen=True):
    """What the vendor says about the connection."""

    status: str = ""
    message: str = ""


@dataclass(slots=True)
class Split:
    """What a frame held.

    Attributes:
        slices: The events, by type and partition.
        unknown: What no topic of events holds, verbatim, each with the reason.
        statuses: The vendor's messages about the connection.
    """

    slices: list[Slice] = field(default_factory=list)
    unknown: list[tuple[Reason, bytes]] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)


class _Key(msgspec.Struct, gc=False):
    """Decides where an event goes: the symbol is ``sym``, or ``pair`` (crypto, forex), or ``T`` (LULD)."""

    ev: str
    sym: str = ""
    pair: str = ""
    T: str = ""


class _ForexQuoteKey(msgspec.Struct, gc=False):
    """A forex quote (``C``) names its pair ``p``, which is a price everywhere else."""

    p: str = ""


class _Lane(list[bytes]):
    """The events of one type and partition that the current frame has held so far."""

    __slots__ = ("event_type", "partition")

    def __init__(self, event_type: str, partition: int) -> None:
        super().__init__()
        self.event_type = event_type
        self.partition = partition


_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises: bad JSON or types, bad UTF-8, and arrays nested a thousand deep."""
_raws: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_keys: Final = msgspec.json.Decoder(list[_Key]).decode
_key: Final = msgspec.json.Decoder(_Key).decode
_forex_key: Final = msgspec.json.Decoder(_ForexQuoteKey).decode
_status: Final = msgspec.json.Decoder(Status).decode


class Splitter:
    """Cuts frames. It keeps no events between two frames.

    Args:
        partitions: Partitions of the market data topics.
        slice_bytes: Most bytes of a slice; a single event may exceed it, and is then alone.
    """

    def __init__(self, partitions: int, slice_bytes: int) -> None:
        self._partitions = partitions
        self._slice_bytes = slice_bytes
        self._routes: dict[str, dict[str, _Lane]] = {}
        self._lanes: dict[tuple[str, int], _Lane] = {}

    def split(self, frame: bytes | str) -> Split:
        """Return what ``frame`` holds. A bad item costs itself alone; nothing is lost or changed."""
        data = frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame
        result = Split()
        try:
            if not data.isascii():
                data.decode()
            items: Sequence[bytes] = _raws(data)
            keys = _keys(data)
        except _ERRORS:
            self._split_each(data, result)
            return result
        routes = self._routes
        for item, key in zip(items, keys, strict=True):
            try:
                lane = routes[key.ev][key.sym]
            except KeyError:
                found = self._lane(key, item, result)
                if found is None:
                    continue
                lane = found
            lane.append(item)
        self._collect(len(data), result)
        return result

    def _split_each(self, data: bytes, result: Split) -> None:
        """The way of a frame that does not decode: item by item."""
        items = cut_items(data)
        if items is None:
            result.unknown.append((Reason.NOT_AN_ARRAY, data))
            return
        for item in items:
            try:
                item.decode()
                key = _key(item)
            except _ERRORS:
                result.unknown.append((Reason.BAD_EVENT, item))
                continue
            lane = self._lane(key, item, result)
            if lane is not None:
                lane.append(item)
        self._collect(len(data), result)

    def _lane(self, key: _Key, item: bytes, result: Split) -> _Lane | None:
        """Return where an event belongs; None where ``result`` has taken it otherwise."""
        if key.ev == STATUS:
            try:
                result.statuses.append(_status(item))
            except _ERRORS:
                result.unknown.append((Reason.BAD_EVENT, bytes(item)))
            return None
        if topic_of_event(key.ev) is UNKNOWN:
            result.unknown.append((Reason.UNKNOWN_TYPE, bytes(item)))
            return None
        symbol = key.sym or key.pair or key.T or _forex_pair(key, item)
        if not symbol:
            result.unknown.append((Reason.NO_SYMBOL, bytes(item)))
            return None
        return self._route(key.ev, symbol)

    def _route(self, event_type: str, symbol: str) -> _Lane:
        by_symbol = self._routes.setdefault(event_type, {})
        lane = by_symbol.get(symbol)
        if lane is None:
            partition = partition_of(symbol, self._partitions)
            lane = self._lanes.get((event_type, partition))
            if lane is None:
                lane = self._lanes[event_type, partition] = _Lane(event_type, partition)
            if len(by_symbol) >= MAX_SYMBOLS:
                by_symbol.clear()
            if len(symbol) <= _LONGEST_KEPT_SYMBOL:
                by_symbol[symbol] = lane
        return lane

    def _collect(self, frame_bytes: int, result: Split) -> None:
        whole = frame_bytes <= self._slice_bytes
        for lane in self._lanes.values():
            if not lane:
                continue
            if whole:
                result.slices.append(Slice(lane.event_type, lane.partition, len(lane), b",".join(lane)))
            else:
                result.slices.extend(self._chunks(lane))
            lane.clear()

    def _chunks(self, lane: _Lane) -> list[Slice]:
        """Return the slices of a lane that may hold more than one slice takes."""
        slices: list[Slice] = []
        chunk: list[bytes] = []
        size = 0
        for item in lane:
            if chunk and size + len(item) > self._slice_bytes:
                slices.append(Slice(lane.event_type, lane.partition, len(chunk), b",".join(chunk)))
                chunk, size = [], 0
            chunk.append(item)
            size += len(item) + 1
        slices.append(Slice(lane.event_type, lane.partition, len(chunk), b",".join(chunk)))
        return slices


def _forex_pair(key: _Key, item: bytes) -> str:
    if key.ev != "C":
        return ""
    try:
        return _forex_key(item).p
    except _ERRORS:
        return ""


_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)


def cut_items(data: bytes) -> list[bytes] | None:
    """Return the items of a JSON array by brackets and strings alone; None where it is no array.

    It looks at structure only, so that one item that is no JSON (a NaN, a bad escape, bad UTF-8, arrays
    nested a thousand deep) does not cost the others.
    """
    text = data.strip()
    if not (text.startswith(b"[") and text.endswith(b"]")):
        return None
    items: list[bytes] = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
            if depth == 0 and token.end() != len(text):
                return None
        elif mark == b"," and depth == 1:
            items.append(text[start : token.start()].strip())
            start = token.end()
        elif mark == b'"':
            return None
    if depth != 0:
        return None
    items.append(text[start:-1].strip())
    if items == [b""]:
        return []
    return None if b"" in items else items
