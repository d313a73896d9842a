"""Server-sent events: what a WebSocket would be sent, written as an event stream (WHATWG HTML, 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

import msgspec

from streams.wds.door import Door
from streams.wds.wire import GRACE_S

RETRY_MS: Final = 1_000
"""When a client comes again after its stream has ended."""
HEARTBEAT: Final = b": \n\n"
"""A comment: no event, and yet proxies see that the stream is alive."""
START: Final = b"retry: %d\n\n" % RETRY_MS

_SHORT: Final = 126
_LENGTHS: Final = {126: 2, 127: 8}


def texts(frames: bytes) -> Iterator[bytes]:
    """Yield the payloads of unmasked, uncompressed text frames (RFC 6455, 5.2)."""
    start = 0
    while start < len(frames):
        length = frames[start + 1]
        start += 2
        if length >= _SHORT:
            size = _LENGTHS[length]
            length = int.from_bytes(frames[start : start + size], "big")
            start += size
        yield frames[start : start + length]
        start += length


def event(payload: bytes, number: int) -> bytes:
    """Return a message's event; a line end within JSON means nothing, and begins another data line."""
    if b"\r" in payload:
        payload = payload.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return b"id: %d\ndata: %b\n\n" % (number, payload.replace(b"\n", b"\ndata: "))


class EventWire:
    """The transport of an outbox whose client reads an event stream.

    Args:
        door: The client's connection; its reply has begun.
        last_id: The number of the last event that the client knows; it goes on from there.

    Attributes:
        over: Set when the client has been told to go.
    """

    @property
    def deflates(self) -> bool:
        """Whether the client takes compressed frames: never."""
        return False

    def __init__(self, door: Door, last_id: int) -> None:
        self._door = door
        self._number = last_id
        self.over = asyncio.Event()

    @property
    def writable_now(self) -> bool:
        """Whether the transport has room."""
        return self._door.writable_now

    def write(self, frames: bytes) -> None:
        """Send the messages of whole frames."""
        if not self.over.is_set():
            self._door.write(b"".join(map(self._event, texts(frames))))

    def beat(self) -> None:
        """Keep the connection alive."""
        if self.writable_now and not self.over.is_set():
            self._door.write(HEARTBEAT)

    def finish(self, code: int, reason: str) -> None:
        """Tell the client why (the codes are a WebSocket's) and close; abort if it takes nothing."""
        if not self.over.is_set():
            told = msgspec.json.encode({"code": code, "reason": reason})
            self._door.write(b"event: close\ndata: %b\n\n" % told)
            self.over.set()
            if not self.writable_now:
                asyncio.get_running_loop().call_later(GRACE_S, self._door.abort)

    def _event(self, payload: bytes) -> bytes:
        self._number += 1
        return event(payload, self._number)
