"""The stream of a list feed: every entry once, in order, or a client is told how many it did not get."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from streams.feeds import Feed
from streams.wds.enveloped import values
from streams.wds.enveloped.echoes import Echoes
from streams.wds.enveloped.envelopes import SharedFrame, Type, notice
from streams.wds.enveloped.options import Options
from streams.wds.enveloped.stream import Mark, Stream, Studio, Value
from streams.wds.enveloped.subscription import Subscription
from streams.wds.framing import text_frame
from streams.wds.protocol import NULL

CATCH_UP_S: Final = 0.25
"""How often it is seen whether a client that was behind takes data again, in seconds."""
MAX_HELD: Final = 10_000
"""Most entries that wait for a snapshot's reply."""


class ListStream(Stream):
    """The entries of a list feed.

    Args:
        channel: The feed's key.
        feed: What the catalogue says of it.
        options: How the updates are to be.
        studio: What all streams need.
    """

    def __init__(self, channel: str, feed: Feed, options: Options, studio: Studio) -> None:
        super().__init__(channel, feed, options, studio)
        self._gathered: deque[bytes] = deque(maxlen=feed.bound)
        self._lost = 0
        # Between a mark and the reply that belongs to it nothing is sent: a matter of a millisecond.
        self._marks = 0
        self._held: list[bytes] = []
        self._echoes: Echoes | None = None
        self._late: dict[Subscription, Echoes] = {}
        self._catching_up: asyncio.TimerHandle | None = None

    def publish(self, payload: bytes) -> None:
        """Send an entry, or gather it until the interval is over."""
        self._received += 1
        if not self._marks:
            self._take(payload)
        elif len(self._held) < MAX_HELD:
            self._held.append(payload)
        else:
            self._lost += 1

    def mark(self) -> Mark:
        """Take note that the list was read at this point of what is published."""
        self._marks += 1
        return Mark(self._received, tuple(self._gathered))

    def admit(self, joining: Sequence[Subscription], mark: Mark, value: Value) -> None:
        """Send a snapshot of the list; what it holds of the entries that are yet to be sent comes no more."""
        read = value if isinstance(value, list) else []
        entries = read[: self.options.limit or None]
        has_others = self._has_others(joining)
        if not has_others:
            for _ in range(min(len(mark.gathered), len(self._gathered))):
                self._gathered.popleft()
            self._echoes = Echoes(read, (), self._interval_s)
        frame: SharedFrame | None = None
        for subscription in joining:
            if subscription.arrives(self.channel, is_there=bool(entries)):
                frame = frame or self._frame(Type.SNAPSHOT, self._data(entries))
                subscription.client.deliver("", frame.suited(subscription.client.deflates), latest=False)
            if has_others:
                self._late[subscription] = Echoes(read, mark.gathered, self._interval_s)
            subscription.arrived(self.channel)
        self.give_up()

    def give_up(self) -> None:
        """Go on: the reply to a mark has come, or never will."""
        self._marks -= 1
        if self._marks:
            return
        held, self._held = self._held, []
        for payload in held:
            self._take(payload)
        if self._interval_s and self._timer is None:
            self._send_gathered()

    def close(self) -> None:
        """Forget what waits."""
        super().close()
        if self._catching_up is not None:
            self._catching_up.cancel()

    def _take(self, payload: bytes) -> None:
        if self._echoes is not None:
            if self._echoes.take(payload):
                return
            if self._echoes.are_over:
                self._echoes = None
        if not self._interval_s:
            data = values.picked(payload, self.options.fields)
            self._deliver(self._next_frame(Type.ITEM, data), [payload])
            return
        if len(self._gathered) == self._gathered.maxlen:
            self._lost += 1
        self._gathered.append(payload)
        if self._timer is None:
            self._send_gathered()

    def _send_gathered(self) -> None:
        self._timer = None
        if self._marks or not self._gathered:
            return
        entries = list(reversed(self._gathered))
        self._gathered.clear()
        self._deliver(self._next_frame(Type.ITEMS, self._data(entries)), entries)
        self._pace(self._send_gathered)

    def _data(self, entries: list[bytes]) -> bytes:
        if not entries:
            return NULL
        fields = self.options.fields
        return b"[" + b",".join(values.picked(entry, fields) for entry in entries) + b"]"

    def _deliver(self, frame: SharedFrame, entries: list[bytes]) -> None:
        if self._lost:
            self._tell_lost()
        own = self._without_echoes(entries) if self._late else {}
        # Hot: one turn for each client.
        suited, channel, count = frame.suited, self.channel, 0
        for subscription in self.members:
            if not subscription.is_free and not self._takes(subscription):
                continue
            client = subscription.client
            if (subscription.drops or not client.takes_data) and subscription.drops_entry(channel):
                self._studio.counters.add("dropped", reason="client_behind")
                self._catch_up_later()
                continue
            if own and subscription in own:
                client.deliver("", own[subscription].suited(client.deflates), False)
            else:
                client.deliver("", suited(client.deflates), False)
            count += 1
        self._studio.counters.add("delivered", count)

    def _without_echoes(self, entries: list[bytes]) -> dict[Subscription, SharedFrame]:
        """Return the frames of those whose snapshot held some of the entries already: without them."""
        own: dict[Subscription, SharedFrame] = {}
        for subscription, echoes in tuple(self._late.items()):
            if echoes.are_over or subscription.is_over:
                del self._late[subscription]
                continue
            left = [entry for entry in entries if not echoes.take(entry)]
            if len(left) < len(entries):
                own[subscription] = self._frame(Type.ITEMS, self._data(left) if left else b"[]")
        return own

    def _tell_lost(self) -> None:
        self._studio.counters.add("dropped", self._lost, "too_many_entries")
        lost, self._lost = self._lost, 0
        frame = text_frame(notice(self.channel, Type.LAG, {"dropped": lost, "reason": "too many entries"}))
        for subscription in self.members:
            if self._takes(subscription):
                subscription.client.deliver("", frame, latest=False)

    def _catch_up_later(self) -> None:
        if self._catching_up is None:
            loop = asyncio.get_running_loop()
            self._catching_up = loop.call_later(CATCH_UP_S, self._catch_up)

    def _catch_up(self) -> None:
        self._catching_up = None
        for subscription in self.members:
            if not subscription.is_behind(self.channel):
                continue
            if not subscription.catch_up(self.channel):
                self._catch_up_later()
            elif subscription.wish.snapshot:
                self._studio.rejoin(self, subscription)

    def _has_others(self, joining: Sequence[Subscription]) -> bool:
        return any(member.is_live(self.channel) for member in self.members if member not in joining)
