"""The frames' envelopes: which feed, what kind of frame, the how manieth."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from streams.wds.framing import Framing

LONG_BYTES: Final = 1024 * 1024
"""From this length on compressing would hold up the event loop: such a frame goes as it is."""

_encode: Final = msgspec.json.Encoder().encode


class Type(StrEnum):
    """What a frame is."""

    SNAPSHOT = "snapshot"
    """The whole value now; it replaces what the client has."""
    VALUE = "value"
    """The new value of a latest-value feed."""
    ITEM = "item"
    """A new entry of a list."""
    ITEMS = "items"
    """New entries of a list, newest first."""
    DELTA = "delta"
    """What has changed of a board."""
    LAG = "lag"
    """Notice: the client did not get some frames."""
    STALE = "stale"
    """Notice: no updates until a resync."""
    RESYNC = "resync"
    """Notice: updates again, fresh snapshots follow."""
    SNAPSHOTS = "snapshots"
    """Notice: the snapshots of a wildcard have all been sent."""


def envelope(feed: str, type_: Type, seq: int, data: bytes) -> bytes:
    """Return a message with data, which must be JSON.

    Args:
        feed: The feed's key.
        type_: What it is.
        seq: Its number.
        data: Goes in as it is.
    """
    return b'{"feed":%b,"type":"%b","seq":%d,"data":%b}' % (_encode(feed), type_.encode(), seq, data)


def notice(feed: str, type_: Type, data: dict[str, Any]) -> bytes:
    """Return a message that has no number."""
    return _encode({"feed": feed, "type": type_, "data": data})


class SharedFrame:
    """One message as the frames of all who get it, each made when the first asks for it.

    Args:
        payload: The message.
        framing: How it becomes frames.
    """

    __slots__ = ("_deflated", "_framing", "_payload", "_plain")

    def __init__(self, payload: bytes, framing: Framing) -> None:
        self._payload = payload
        self._framing = framing
        self._plain: bytes | None = None
        self._deflated: bytes | None = None

    def suited(self, deflates: bool) -> bytes:
        """Return the frame for a client that takes compressed ones, or does not."""
        if deflates and len(self._payload) < LONG_BYTES:
            if self._deflated is None:
                self._deflated = self._framing.frame(self._payload, deflates=True)
            return self._deflated
        if self._plain is None:
            self._plain = self._framing.frame(self._payload, deflates=False)
        return self._plain
