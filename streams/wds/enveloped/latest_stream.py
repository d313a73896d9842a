"""The stream of a latest-value feed: the newest value wins, boards come as what has changed."""

from __future__ import annotations

from collections.abc import Sequence

from streams import deltas
from streams.deltas import Row
from streams.feeds import Feed
from streams.wds.enveloped import values
from streams.wds.enveloped.envelopes import SharedFrame, Type
from streams.wds.enveloped.options import Options
from streams.wds.enveloped.stream import Mark, Stream, Studio, Value
from streams.wds.enveloped.subscription import Subscription
from streams.wds.protocol import NULL


class LatestStream(Stream):
    """The updates of a latest-value feed.

    A client that still has a frame of it waiting gets a snapshot in that frame's place, whatever it is.

    Args:
        channel: The feed's key.
        feed: What the catalogue says of it.
        options: How the updates are to be.
        studio: What all streams need.
    """

    def __init__(self, channel: str, feed: Feed, options: Options, studio: Studio) -> None:
        super().__init__(channel, feed, options, studio)
        self._key = f"enveloped {channel}"
        self._value: bytes | None = None
        self._board: dict[str, Row] | None = None
        self._snapshot: SharedFrame | None = None
        self._waiting: bytes | None = None
        self._was_read = False

    def publish(self, payload: bytes) -> None:
        """Send a value, or let it wait in the place of an older one until the interval is over."""
        self._received += 1
        if self._timer is not None:
            self._waiting = payload
            return
        self._send(payload)
        if self._interval_s:
            self._pace(self._send_waiting)

    def mark(self) -> Mark:
        """Take note that the value was read at this point of what is published."""
        return Mark(self._received)

    def admit(self, joining: Sequence[Subscription], mark: Mark, value: Value) -> None:
        """Send a snapshot: of the value that was read, or of a newer one if one has been sent since."""
        read = value if isinstance(value, bytes) else None
        if mark.received == self._received and self._waiting is None and read != self._value:
            self._adopt(read)
        for subscription in joining:
            if subscription.arrives(self.channel, is_there=self._value is not None):
                client = subscription.client
                client.deliver(self._key, self._whole().suited(client.deflates), latest=True)
            subscription.arrived(self.channel)

    def give_up(self) -> None:
        """Go on: a mark holds nothing up here."""

    def _adopt(self, value: bytes | None) -> None:
        if value is not None and any(member.is_live(self.channel) for member in self.members):
            self._send(value)
        else:
            self._remember(value)
        self._was_read = True

    def _remember(self, value: bytes | None) -> None:
        self._value = value
        self._board = values.board(value, self.options) if value is not None and self.options.delta else None
        self._snapshot = None

    def _send_waiting(self) -> None:
        self._timer = None
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._send(waiting)
            self._pace(self._send_waiting)

    def _send(self, payload: bytes) -> None:
        # Hot: runs for each published value.
        was_read, self._was_read = self._was_read, False
        if was_read and payload == self._value:
            return  # set, read by us, and only then published
        before = self._board
        self._remember(payload)
        if not self.options.delta:
            self._deliver(self._next_frame(Type.VALUE, values.shaped(payload, self.options)))
        elif before is None or self._board is None:
            self.seq += 1
            self._deliver(self._whole())
        else:
            delta = deltas.difference(before, self._board)
            if not deltas.is_empty(delta):
                self._deliver(self._next_frame(Type.DELTA, deltas.encode(delta)))

    def _deliver(self, frame: SharedFrame) -> None:
        # Hot: one turn for each client.
        key, suited, count = self._key, frame.suited, 0
        for subscription in self.members:
            if not subscription.is_free and not self._takes(subscription):
                continue
            client = subscription.client
            count += 1
            if client.waits(key):
                client.deliver(key, self._whole().suited(client.deflates), True)
                subscription.replaced(self.channel)
            else:
                client.deliver(key, suited(client.deflates), True)
        self._studio.counters.add("delivered", count)

    def _whole(self) -> SharedFrame:
        if self._snapshot is None:
            self._snapshot = self._frame(Type.SNAPSHOT, self._data())
        return self._snapshot

    def _data(self) -> bytes:
        if self._value is None:
            return NULL
        if self._board is not None:
            return deltas.encoded(self._board)
        return values.shaped(self._value, self.options)
