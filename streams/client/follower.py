"""Follows the frames of one feed: sees losses, and makes whole boards of changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NoReturn, TypeVar

import msgspec

from streams import deltas
from streams.client.inbox import Update
from streams.client.messages import Message
from streams.deltas import Row

T = TypeVar("T")


class Lost(Exception):  # noqa: N818  no error of anybody's
    """Frames were lost, and what came after them means nothing without a fresh snapshot."""


class Follower(Generic[T]):
    """One feed's frames since the connection was made.

    Args:
        feed: Its key.
        decode: Makes a value of its JSON.
        has_snapshots: Whether entries that were lost can be had by a snapshot.

    Attributes:
        gaps: How often frames were lost.
    """

    def __init__(self, feed: str, decode: Callable[[bytes], T], has_snapshots: bool) -> None:
        self._feed = feed
        self._decode = decode
        self._has_snapshots = has_snapshots
        self._seq: int | None = None
        self._board: dict[str, Row] | None = None
        self._payload = b"null"
        self._waits_for_snapshot = False
        self.gaps = 0

    def restart(self) -> None:
        """Forget the numbers: the connection is another one."""
        self._seq = None
        self._waits_for_snapshot = False

    def expect_loss(self) -> None:
        """Take note that the service has said how much is lost: the next number is no surprise."""
        self._seq = None

    def await_snapshot(self) -> None:
        """Take nothing more before a snapshot."""
        self._waits_for_snapshot = True

    def take(self, frame: Message) -> Update[T] | None:
        """Return what a frame with data brings; None where it has to wait for a snapshot.

        Raises:
            Lost: A fresh snapshot is needed.
            ValueError: The frame's data are not what they should be.
        """
        if frame.type == "snapshot":
            self._seq, self._waits_for_snapshot = frame.seq, False
            return self._snapshot(frame.data)
        if self._waits_for_snapshot:
            return None
        missed = 0
        if self._seq is not None and frame.seq != self._seq + 1:
            self.gaps += 1
            missed = max(0, frame.seq - self._seq - 1)
        self._seq = frame.seq
        if frame.type == "value":
            return Update(self._feed, "value", self._decode(bytes(frame.data)), missed)
        if missed and self._has_snapshots:
            self._lose()
        if frame.type == "delta":
            return self._changed(frame.data)
        data = bytes(frame.data)
        entries = b"[" + data + b"]" if frame.type == "item" else data
        return Update(self._feed, "items", self._decode(entries), missed)

    def _snapshot(self, data: msgspec.Raw) -> Update[T]:
        payload = bytes(data)
        self._board = None
        self._payload = payload
        return Update(self._feed, "snapshot", None if payload == b"null" else self._decode(payload))

    def _changed(self, data: msgspec.Raw) -> Update[T]:
        try:
            # A snapshot is taken apart only where changes follow it.
            before = deltas.rows(self._payload) if self._board is None else self._board
            if before is None:
                raise ValueError("changes of what is no board")
            self._board, self._payload = deltas.apply(before, bytes(data)), b""
        except ValueError:
            self._lose()
        return Update(self._feed, "value", self._decode(deltas.encoded(self._board)))

    def _lose(self) -> NoReturn:
        self._waits_for_snapshot = True
        raise Lost(self._feed)
