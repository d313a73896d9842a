"""One turn of the event loop: what came for the clients meanwhile goes out at its end, for all in one go."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from streams.telemetry import Counters

DEPARTURES: Final = 16
"""Most clients that are cut off in one turn: a closing costs as much as a hundred frames."""


class Sender(Protocol):
    """What has frames to send."""

    def drain(self) -> int:
        """Write what waits; return how many frames that were."""


class Turn:
    """Drains each sender once per turn of the event loop: one callback for thousands of clients.

    Args:
        counters: Counts frames ``sent``.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._senders: list[Sender] = []
        self._frames: list[bytes] = []
        self._joined = b""
        self._departures: deque[Callable[[], None]] = deque()

    def add(self, sender: Sender) -> None:
        """Let a sender be drained at the end of this turn; it is for the sender to come once."""
        if not self._senders:
            asyncio.get_running_loop().call_soon(self._drain)
        self._senders.append(sender)

    def joined(self, frames: list[bytes]) -> bytes:
        """Return frames as one piece: joined once for clients in a row that get the same."""
        if len(frames) == 1:
            return frames[0]
        if frames != self._frames:
            self._frames, self._joined = frames, b"".join(frames)
        return self._joined

    def depart(self, leave: Callable[[], None]) -> None:
        """Call what closes a connection, soon: those that stay are not to wait for a crowd that goes."""
        if not self._departures:
            asyncio.get_running_loop().call_soon(self._see_off)
        self._departures.append(leave)

    def _see_off(self) -> None:
        for _ in range(min(DEPARTURES, len(self._departures))):
            self._departures.popleft()()
        if self._departures:
            asyncio.get_running_loop().call_soon(self._see_off)

    def _drain(self) -> None:
        # Hot: runs over each client that gets something.
        senders, self._senders = self._senders, []
        sent = 0
        for sender in senders:
            sent += sender.drain()
        self._frames, self._joined = [], b""
        self._counters.add("sent", sent)
