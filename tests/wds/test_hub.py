"""The hub: who gets what."""

from __future__ import annotations

import time

from streams.telemetry import Counters
from streams.wds.framing import Framing
from streams.wds.grants import EVERYTHING, Grant
from streams.wds.hub import Hub


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
