"""A frame: one WebSocket message of events, and what a server must know to deliver it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from streams.sim.market import Ints
from streams.sim.subscriptions import Subscriptions

KINDS: Final = ("LULD", "A", "T", "Q", "AM")
"""Event types of the synthetic tape, in the order of their codes."""

_BAR: Final = KINDS.index("A")
_SEPARATOR: Final = b"},{"


Selection = tuple[bytes, Mapping[str, int]]
"""What of a frame a client gets: the message, and its events by type."""


class Frame(Protocol):
    """One message as the vendor would send it."""

    @property
    def payload(self) -> bytes:
        """The message, a JSON array of events unless it was malformed when recorded."""

    @property
    def is_text(self) -> bool:
        """Whether the message is text; false for recorded bytes that are no UTF-8."""

    @property
    def due_ms(self) -> int:
        """Event time at which the frame is due, ms since 1970 UTC; 0 for at once."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Events by type."""

    def select(self, subscriptions: Subscriptions) -> Selection | None:
        """Return what of the frame a client with ``subscriptions`` gets; None for nothing."""

    def bars(self) -> Sequence[tuple[str, int]]:
        """Return symbol and end (ms) of each second bar (``A``) in the frame."""


@dataclass(frozen=True, slots=True)
class TapeFrame:
    """A frame of the synthetic tape: a Frame.

    kinds: code of each event's type; listings: whose each event is; symbols: the listings' tickers;
    bars_end_ms: end of the second whose bars it holds.
    """

    payload: bytes
    due_ms: int
    counts: Mapping[str, int]
    kinds: npt.NDArray[np.uint8] = field(repr=False)
    listings: Ints = field(repr=False)
    symbols: Sequence[str] = field(repr=False)
    bars_end_ms: int

    @property
    def is_text(self) -> bool:
        """Always true."""
        return True

    def select(self, subscriptions: Subscriptions) -> Selection | None:
        """Return what of the frame a client with ``subscriptions`` gets; None for nothing."""
        if subscriptions.covers(self.counts):
            return self.payload, self.counts
        if not subscriptions.touches(self.counts):
            return None
        events = self.payload[2:-2].split(_SEPARATOR)
        wanted = [
            (event, KINDS[kind])
            for event, kind, listing in zip(events, self.kinds.tolist(), self.listings.tolist(), strict=True)
            if subscriptions.wants(KINDS[kind], self.symbols[listing])
        ]
        if not wanted:
            return None
        texts, kinds = zip(*wanted, strict=True)
        return b"[{" + _SEPARATOR.join(texts) + b"}]", Counter(kinds)

    def bars(self) -> list[tuple[str, int]]:
        """Return symbol and end (ms) of each second bar in the frame."""
        listings = self.listings[self.kinds == _BAR].tolist()
        return [(self.symbols[listing], self.bars_end_ms) for listing in listings]
