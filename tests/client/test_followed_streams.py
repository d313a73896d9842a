"""Streams of the service and subscriptions of the client, without a network: frames go lost at random."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import feeds
from streams.client import messages
from streams.client.inbox import Inbox, Update
from streams.client.subscription import Subscription, Terms
from streams.telemetry import Counters
from streams.wds.enveloped.latest_stream import LatestStream
from streams.wds.enveloped.list_stream import ListStream
from streams.wds.enveloped.options import Options, Wish
from streams.wds.enveloped.stream import Mark, Stream, Studio
from streams.wds.enveloped.subscription import Subscription as Served
from streams.wds.framing import Framing
from streams.wds.grants import EVERYTHING

BOARD, NEWS = "scanners:top_volume", "news:ticker:A"
ROWS = st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 3), max_size=6)


class Slow:
    """A client of the service that takes what waits only now and then."""

    deflates = False
    grant = EVERYTHING
    takes_data = False
    load = 0.0

    def __init__(self) -> None:
        self.waiting: dict[Any, bytes] = {}

    def waits(self, key: str) -> bool:
        return key in self.waiting

    def deliver(self, key: str, frame: bytes, latest: bool) -> None:
        self.waiting[key if latest else object()] = frame

    def take(self) -> list[messages.Message]:
        frames, self.waiting = list(self.waiting.values()), {}
        return [messages.decode(frame[frame.index(b"{") :]) for frame in frames]


class Pair:
    """A stream with a client that is slow, and a program that follows it over a line that loses frames."""

    def __init__(self, stream: type[Stream], key: str, options: Options, given: dict[str, Any]) -> None:
        self.client = Slow()
        studio = Studio(Framing(1, 1_024), Counters(), 10, lambda *_: None)
        feed = feeds.feed_of_key(key)
        assert feed is not None
        self._served = Served(self.client, key, Wish(options, snapshot=True), 0)
        self._stream = stream(key, feed, options, studio)
        self._stream.members = (self._served,)
        self._value: Any = None
        self.asked = 0
        terms = Terms(key, given, 1_000, notices=False)
        self.updates: Subscription[Any] = Subscription(terms, msgspec.json.decode, _nothing, self._ask)
        self.join()

    def _ask(self, _: object) -> None:
        self.asked += 1

    def publish(self, payload: bytes, value: bytes | list[bytes]) -> None:
        self._value = value
        self._stream.publish(payload)

    def join(self) -> None:
        mark: Mark = self._stream.mark()
        self._stream.admit([self._served], mark, self._value)

    def carry(self, loses: bool) -> None:
        for message in self.client.take():
            if not loses:
                self.updates.take(message)

    def settle(self) -> None:
        """Let what was asked for come: a fresh snapshot of what there is."""
        self.carry(loses=False)
        while self.asked:
            self.asked = 0
            self.updates.connected()
            self.join()
            self.carry(loses=False)

    async def received(self) -> list[Update[Any]]:
        await self.updates.close()
        return [update async for update in self.updates]


async def _nothing(_: object) -> None:
    """End nothing: there is no connection."""


def board(rows: dict[str, int]) -> bytes:
    return json.dumps([{"symbol": symbol, "rank": rank} for symbol, rank in rows.items()]).encode()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(ROWS, st.sampled_from(["wait", "carry", "lose"])), max_size=12), ROWS)
def test_a_board_by_changes_ends_as_it_is_whatever_was_lost_or_conflated(steps: list, last: dict) -> None:
    async def run() -> None:
        pair = Pair(LatestStream, BOARD, Options(delta=True), {"delta": True})
        pair.carry(loses=False)
        for rows, what in [*steps, (last, "carry"), ({**last, "Z": 9}, "carry")]:
            pair.publish(board(rows), board(rows))
            if what != "wait":
                pair.carry(loses=what == "lose")
        pair.settle()
        assert (await pair.received())[-1].data == json.loads(board({**last, "Z": 9}))

    asyncio.run(run())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["wait", "carry", "lose"]), max_size=15))
def test_a_list_has_every_entry_in_order_or_a_snapshot_after_what_was_lost(steps: list[str]) -> None:
    async def run() -> None:
        pair = Pair(ListStream, NEWS, Options(), {"snapshot": True})
        pair.carry(loses=False)
        entries: list[bytes] = []
        for number, what in enumerate([*steps, "carry", "carry"]):
            entries.insert(0, b"%d" % number)
            pair.publish(entries[0], list(entries))
            if what != "wait":
                pair.carry(loses=what == "lose")
        pair.settle()
        held: list[int] = []
        for update in await pair.received():
            held = (update.data or []) if update.kind == "snapshot" else (update.data or []) + held
        assert held == list(range(len(entries)))[::-1]

    asyncio.run(run())


def test_an_inbox_holds_no_more_than_it_may() -> None:
    inbox: Inbox[list[int]] = Inbox(3)
    assert all(inbox.put(Update("list", "items", [number]), is_list=True) for number in range(3))
    assert not inbox.put(Update("list", "items", [3]), is_list=True)
    assert not inbox.put(Update("other", "value", [1]), is_list=False)
    assert inbox.drop_entries("list") == 3
    assert len(inbox) == 0


def test_a_newer_value_takes_the_place_of_the_one_that_waits() -> None:
    inbox: Inbox[int] = Inbox(3)
    for number in range(4):
        inbox.put(Update("a", "snapshot" if number == 0 else "value", number), is_list=False)
    assert inbox.take() == Update("a", "snapshot", 3, missed=3)
    with pytest.raises(IndexError):
        inbox.take()
