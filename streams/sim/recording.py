"""Recorded frames: a file of one WebSocket message a line, plain or gzip, played as it was received.

A line that is no JSON array of events goes out all the same: the vendor may have sent it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.recorded import RecordedFile
from streams.sim.frames import Selection
from streams.sim.subscriptions import CHANNELS, Subscriptions

MALFORMED: Final = "malformed"
"""Counted for a frame that is no array of events."""
OTHER: Final = "other"
"""Counted for an event of a type that cannot be subscribed."""

_NS_A_MS: Final = 1_000_000
_NANOSECOND_KINDS: Final = frozenset({"LULD", "FMV"})


class _Head(msgspec.Struct, gc=False):
    """What a server must know of an event. Any type may stand anywhere: files hold bad events too."""

    ev: Any = None
    sym: Any = None
    pair: Any = None
    T: Any = None
    t: Any = None
    s: Any = None
    e: Any = None

    @property
    def kind(self) -> str:
        return self.ev if isinstance(self.ev, str) and self.ev in CHANNELS else OTHER

    @property
    def symbol(self) -> str:
        return str(self.sym or self.pair or self.T)

    @property
    def time_ms(self) -> int:
        """When it was sent, at the earliest: the end of a bar, else its time; 0 where it has none."""
        if self.ev in _NANOSECOND_KINDS:
            return self.t // _NS_A_MS if isinstance(self.t, int) else 0
        return next((value for value in (self.e, self.t, self.s) if isinstance(value, int)), 0)


_heads: Final = msgspec.json.Decoder(list[_Head])
_items: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """A recorded message: a Frame. ``heads`` is None where it is no array of events."""

    payload: bytes
    is_text: bool
    due_ms: int
    counts: Mapping[str, int]
    heads: list[_Head] | None = field(repr=False)

    def select(self, subscriptions: Subscriptions) -> Selection | None:
        """Return what of the frame a client with ``subscriptions`` gets; None for nothing.

        What cannot be subscribed, and what is malformed, goes to every client.
        """
        if self.heads is None or subscriptions.covers(self.counts.keys() - {OTHER}):
            return self.payload, self.counts
        wanted = [
            (bytes(item), head.kind)
            for item, head in zip(_items.decode(self.payload), self.heads, strict=True)
            if head.kind == OTHER or subscriptions.wants(head.kind, head.symbol)
        ]
        if not wanted:
            return None
        items, kinds = zip(*wanted, strict=True)
        return b"[" + b",".join(items) + b"]", Counter(kinds)

    def bars(self) -> list[tuple[str, int]]:
        """Return symbol and end (ms) of each second bar in the frame."""
        bars = (head for head in self.heads or () if head.ev == "A")
        return [(head.symbol, head.e) for head in bars if isinstance(head.e, int)]


def recorded_frame(payload: bytes) -> RecordedFrame:
    """Return the frame of one recorded message."""
    is_text = _is_utf8(payload)
    try:
        heads = _heads.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return RecordedFrame(payload, is_text, 0, {MALFORMED: 1}, None)
    due_ms = next((head.time_ms for head in heads if head.time_ms > 0), 0)
    return RecordedFrame(payload, is_text, due_ms, Counter(head.kind for head in heads), heads)


class Recording:
    """A file of recorded frames.

    Args:
        path: The file; gzip is recognised by its first bytes.

    Raises:
        BadInputError: It is missing, cannot be read, or is named .gz and is no gzip file.
    """

    def __init__(self, path: Path) -> None:
        self._file = RecordedFile(path)

    async def frames(self) -> AsyncGenerator[RecordedFrame, None]:
        """Yield the frames in the order of the file; empty lines are none.

        Raises:
            BadInputError: The file cannot be read on, or has a line that is too long.
        """

        def read() -> list[RecordedFrame]:
            return [recorded_frame(frame) for frame in lines.read()]

        with self._file.open() as lines:
            while batch := await asyncio.to_thread(read):
                for frame in batch:
                    yield frame


def _is_utf8(payload: bytes) -> bool:
    if payload.isascii():
        return True
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
