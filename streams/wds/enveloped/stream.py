"""The frames of one feed for all subscriptions that want it alike: made once, numbered without gaps."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streams.feeds import Feed
from streams.telemetry import Counters
from streams.wds.enveloped.envelopes import SharedFrame, Type, envelope
from streams.wds.enveloped.options import Options
from streams.wds.enveloped.subscription import Subscription
from streams.wds.framing import Framing

Value = bytes | list[bytes] | None
"""What Redis holds: a latest value, or a list's entries, newest first; None for nothing."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What all streams need.

    Attributes:
        framing: How messages become frames.
        counters: Counts ``delivered`` frames and ``dropped`` payloads by reason.
        most_snapshots: Most feeds of a wildcard that get a snapshot.
        rejoin: Asks for a fresh snapshot for a subscription.
    """

    framing: Framing
    counters: Counters
    most_snapshots: int
    rejoin: Callable[[Stream, Subscription], None]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where in a stream its value was read: whatever was published before is in the value.

    Attributes:
        received: How many payloads had been published.
        gathered: Entries that had been published and not yet sent, oldest first.
    """

    received: int
    gathered: Sequence[bytes] = ()


class Stream(ABC):
    """One feed's updates under one set of options. One event loop owns it; nothing in it waits.

    Args:
        channel: The feed's key.
        feed: What the catalogue says of it.
        options: How the updates are to be.
        studio: What all streams need.

    Attributes:
        members: Who gets the updates.
        seq: The number of the newest frame.
    """

    def __init__(self, channel: str, feed: Feed, options: Options, studio: Studio) -> None:
        self.channel = channel
        self.feed = feed
        self.options = options
        self.members: tuple[Subscription, ...] = ()
        self.seq = 0
        self._studio = studio
        self._received = 0
        self._interval_s = options.interval_ms / 1_000
        self._timer: asyncio.TimerHandle | None = None

    @abstractmethod
    def publish(self, payload: bytes) -> None:
        """Send what was published, JSON, now or when its time has come."""

    @abstractmethod
    def mark(self) -> Mark:
        """Take note that the feed's value was read at this point of what is published."""

    @abstractmethod
    def admit(self, joining: Sequence[Subscription], mark: Mark, value: Value) -> None:
        """Send a snapshot to those who have waited for it, and from then on the updates.

        Args:
            joining: Who they are.
            mark: Where the value was read.
            value: What Redis held.
        """

    @abstractmethod
    def give_up(self) -> None:
        """Go on as if there had been no mark: the value could not be read."""

    def close(self) -> None:
        """Forget what waits: nobody wants it any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next_frame(self, type_: Type, data: bytes) -> SharedFrame:
        self.seq += 1
        return self._frame(type_, data)

    def _frame(self, type_: Type, data: bytes) -> SharedFrame:
        return SharedFrame(envelope(self.channel, type_, self.seq, data), self._studio.framing)

    def _takes(self, subscription: Subscription) -> bool:
        return subscription.takes(self.channel, self._studio.most_snapshots)

    def _pace(self, send: Callable[[], None]) -> None:
        # While the timer runs the newest frame is younger than the interval.
        self._timer = asyncio.get_running_loop().call_later(self._interval_s, send)
