"""The hub: who gets what."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from streams.telemetry import Counters
from streams.wds import globs
from streams.wds.framing import Framing
from streams.wds.grants import EVERYTHING, Grant
from streams.wds.hub import Hub

NAMES = [
    "*",
    "quote:*",
    "quote:A*",
    "quote:A?",
    "quote:[AB]*",
    "quote:\\A*",
    "[q]uote:*B",
    "quote:A",
    "quote:AB",
]
CHANNELS = ["quote:A", "quote:AB", "quote:B", "quote:BB"]


class Greedy:
    """A client that notes what it gets."""

    def __init__(self) -> None:
        self.deflates = False
        self.grant: Grant = EVERYTHING
        self.got: list[str] = []

    def deliver(self, key: str, frame: bytes, latest: bool) -> None:
        assert frame
        assert latest
        self.got.append(key)


def test_ten_thousand_wildcards_are_compiled_once_each() -> None:
    # More different ones than are remembered while nobody holds them, and two clients with each.
    hub = Hub(Counters(), Framing(level=3, min_bytes=1_024))
    clients = [Greedy(), Greedy()]
    start = time.process_time()
    for client in clients:
        for number in range(5_000):
            hub.subscribe(client, f"quote:*{number}*")
    subscribing_s = time.process_time() - start
    assert hub.subscriptions == 10_000

    start = time.process_time()
    for number in range(20):
        hub.dispatch(f"quote:{number}X", b"{}")
    # Compiled anew for each message it was ten times as long as subscribing.
    assert time.process_time() - start < subscribing_s
    assert [client.got for client in clients] == [[f"quote:{number}X" for number in range(20)]] * 2


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(NAMES), st.booleans()), max_size=12))
def test_each_message_goes_to_whoever_wants_it_then(steps: list[tuple[int, str, bool]]) -> None:
    hub = Hub(Counters(), Framing(level=0, min_bytes=0))
    clients, wanted = [Greedy(), Greedy()], [set[str](), set[str]()]
    for number, name, is_new in steps:
        if is_new:
            hub.subscribe(clients[number], name)
            wanted[number].add(name)
        else:
            hub.unsubscribe(clients[number], name)
            wanted[number].discard(name)
        for client, names in zip(clients, wanted, strict=True):
            client.got.clear()
            assert set(hub.names(client)) == names
        for channel in CHANNELS:
            hub.dispatch(channel, b"{}")
        for client, names in zip(clients, wanted, strict=True):
            assert client.got == [
                channel for channel in CHANNELS if any(globs.Glob(name).matches(channel) for name in names)
            ]


def test_one_more_wildcard_costs_no_look_at_all_the_others() -> None:
    hub = Hub(Counters(), Framing(level=0, min_bytes=0))
    crowd, one = Greedy(), Greedy()
    start = time.process_time()
    for number in range(10_000):
        hub.subscribe(crowd, f"quote:{number:05}*")
    subscribing_s = time.process_time() - start
    channels = [f"quote:{number:05}" for number in range(0, 10_000, 10)]

    start = time.process_time()
    for number in range(20):
        hub.subscribe(one, f"quote:{number:05}*")
        for channel in channels:
            hub.dispatch(channel, b"{}")
    # When each had all channels held against all globs anew, it was fifty times as long as subscribing.
    assert time.process_time() - start < subscribing_s
    assert len(crowd.got) == 20 * len(channels)
    assert one.got[-2:] == ["quote:00000", "quote:00010"]
