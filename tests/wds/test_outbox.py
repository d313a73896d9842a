"""The outbox of one client, over a transport that can be stopped."""

from __future__ import annotations

import asyncio

import pytest

from streams.telemetry import Counters
from streams.wds.outbox import Limits, Outbox
from streams.wds.turn import DEPARTURES, Turn


class Pipe:
    """A transport that notes what it is given."""

    def __init__(self) -> None:
        self.deflates = False
        self.writable_now = True
        self.written: list[bytes] = []
        self.closed: tuple[int, str] | None = None

    def write(self, frames: bytes) -> None:
        self.written.append(frames)

    def finish(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
async def outbox(pipe: Pipe, counters: Counters) -> Outbox:
    return Outbox(pipe, Turn(counters), Limits(size=1_000, entries=3, slow_after_s=60), counters)


async def test_frames_of_one_turn_go_out_in_one_write(outbox: Outbox, pipe: Pipe) -> None:
    outbox.deliver("a", b"1", latest=True)
    outbox.deliver("l", b"2", latest=False)
    assert pipe.written == []
    await asyncio.sleep(0)
    assert pipe.written == [b"12"]


async def test_a_newer_value_takes_the_place_of_the_one_that_waits(
    outbox: Outbox, pipe: Pipe, counters: Counters
) -> None:
    for key, frame in (("a", b"1"), ("b", b"2"), ("a", b"3")):
        outbox.deliver(key, frame, latest=True)
    await asyncio.sleep(0)
    assert pipe.written == [b"32"]
    assert counters.get("conflated") == 1


async def test_latest_values_and_list_entries_go_out_in_their_order(outbox: Outbox, pipe: Pipe) -> None:
    for key, frame, latest in (("a", b"1", True), ("l", b"2", False), ("b", b"3", True), ("a", b"4", True)):
        outbox.deliver(key, frame, latest)
    await asyncio.sleep(0)
    assert pipe.written == [b"423"]


async def test_clients_that_get_the_same_share_one_piece_of_memory(counters: Counters) -> None:
    turn = Turn(counters)
    pipes = [Pipe() for _ in range(3)]
    for pipe in pipes:
        outbox = Outbox(pipe, turn, Limits(size=1_000, entries=3, slow_after_s=60), counters)
        for frame in (b"one", b"two"):
            outbox.deliver("l", frame, latest=False)
    await asyncio.sleep(0)
    assert [pipe.written for pipe in pipes] == [[b"onetwo"]] * 3
    assert len({id(pipe.written[0]) for pipe in pipes}) == 1


async def test_replies_come_after_what_waits(outbox: Outbox, pipe: Pipe) -> None:
    outbox.deliver("a", b"1", latest=True)
    outbox.reply(b"2")
    assert b"".join(pipe.written) == b"12"


async def test_nothing_is_written_while_the_transport_is_full(outbox: Outbox, pipe: Pipe) -> None:
    outbox.paused()
    outbox.deliver("a", b"1", latest=True)
    await asyncio.sleep(0)
    assert pipe.written == []
    outbox.resumed()
    await asyncio.sleep(0)
    assert pipe.written == [b"1"]


async def test_too_many_entries_cut_the_client_off(outbox: Outbox, pipe: Pipe, counters: Counters) -> None:
    outbox.paused()
    for _ in range(4):
        outbox.deliver("l", b"1", latest=False)
    await asyncio.sleep(0)
    assert pipe.closed == (1013, "too slow: too many entries wait")
    assert counters.get("cut_off", "too many entries wait") == 1


async def test_more_than_may_wait_goes_out_at_once_while_the_client_takes_it(
    outbox: Outbox, pipe: Pipe
) -> None:
    for _ in range(5):
        outbox.deliver("l", b"1", latest=False)
    await asyncio.sleep(0)
    assert b"".join(pipe.written) == b"11111"
    assert pipe.closed is None


async def test_too_many_bytes_cut_the_client_off(outbox: Outbox, pipe: Pipe) -> None:
    outbox.paused()
    for _ in range(100):
        outbox.deliver("a", b"x" * 999, latest=True)
    assert pipe.closed is None
    outbox.deliver("b", b"x" * 2, latest=True)
    await asyncio.sleep(0)
    assert pipe.closed == (1013, "too slow: too many bytes wait")


async def test_a_client_that_takes_nothing_for_long_is_cut_off(pipe: Pipe, counters: Counters) -> None:
    outbox = Outbox(pipe, Turn(counters), Limits(size=1_000, entries=3, slow_after_s=0), counters)
    outbox.paused()
    async with asyncio.timeout(30):
        while pipe.closed is None:  # noqa: ASYNC110  the pipe sets no event
            await asyncio.sleep(0.001)
    assert pipe.closed == (1013, "too slow: takes no data")


async def test_a_client_cut_off_takes_nothing_more(outbox: Outbox, pipe: Pipe) -> None:
    outbox.finish(1008, "bye")
    outbox.deliver("a", b"1", latest=True)
    await asyncio.sleep(0)
    assert pipe.written == []


async def test_a_crowd_that_is_cut_off_goes_a_few_at_a_time() -> None:
    counters = Counters()
    turn = Turn(counters)
    pipes = [Pipe() for _ in range(3 * DEPARTURES)]
    for pipe in pipes:
        outbox = Outbox(pipe, turn, Limits(size=1_000, entries=3, slow_after_s=60), counters)
        outbox.paused()
        for _ in range(4):
            outbox.deliver("l", b"1", latest=False)
    gone = []
    for _ in range(4):
        gone.append(sum(pipe.closed is not None for pipe in pipes))
        await asyncio.sleep(0)
    assert gone == [0, DEPARTURES, 2 * DEPARTURES, 3 * DEPARTURES]
