import asyncio
import gzip
import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest
from massive import RESTClient

from streams.errors import BadInputError
from streams.sim.options import SimOptions
from streams.sim.pacing import Pacer
from streams.sim.recording import Recording
from streams.sim.simulator import Simulator

from .conftest import ALL, connected, eventually, post

START_MS = 1_499_697_155_000


def trade(symbol: str, ms: int, **more: object) -> dict[str, Any]:
    return {"ev": "T", "sym": symbol, "p": 1.5, "s": 100, "t": START_MS + ms, **more}


def line(*events: object) -> str:
    return json.dumps(events, separators=(",", ":"))


LINES = [
    line(trade("A", 0), trade("B", 1)),
    '[{"ev":"T","sym":"A","p":NaN}]',
    "[]",
    '[{"ev":"Q","sy',
    line({"ev": "ZZ", "sym": "A"}, trade("Ä/é", 2), {"ev": "T", "sym": 5, "t": "soon"}),
    "not json at all",
    line({"ev": "A", "sym": "A", "v": 1, "av": 1, "c": 1.0, "s": START_MS, "e": START_MS + 1_000}),
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "frames.ndjson"
    path.write_text("\n".join(LINES) + "\n")
    return path


def replay(path: Path, **changes: object) -> Simulator:
    return Simulator(SimOptions.model_validate({"input": path, "speed": 0, **changes}))


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_recording_goes_through_verbatim(recording: Path, tmp_path: Path, compressed: bool) -> None:
    if compressed:
        packed = tmp_path / "frames.ndjson.gz"
        packed.write_bytes(gzip.compress(recording.read_bytes()))
        recording = packed
    async with replay(recording) as simulator, connected(simulator) as (client, _):
        await eventually(lambda: len(client.frames) == 1 + len(LINES))
        assert client.frames[1:] == LINES
        await eventually(simulator.finished.is_set)
        assert simulator.status()["by_type"] == {"T": 4, "malformed": 3, "other": 1, "A": 1}


async def test_a_replay_waits_for_a_subscriber(recording: Path) -> None:
    async with replay(recording) as simulator:
        async with connected(simulator, []) as (client, _):
            await eventually(lambda: simulator.status()["clients"] == 1)
            assert client.frames == []
        async with connected(simulator, key="other") as (client, _):
            await eventually(lambda: len(client.frames) == 1 + len(LINES))


async def test_a_held_replay_goes_on_as_far_as_it_is_told(recording: Path) -> None:
    async with replay(recording, held=True) as simulator, connected(simulator) as (client, _):
        assert simulator.play_until(2, None)
        await eventually(lambda: simulator.status()["holding"])
        await eventually(lambda: client.frames[1:] == LINES[:2])
        simulator.play_until(5, None)
        await eventually(lambda: client.frames[1:] == LINES[:5])
        assert not simulator.finished.is_set()
        simulator.play_until(None, None)
        await eventually(simulator.finished.is_set)
        await eventually(lambda: client.frames[1:] == LINES)


async def test_a_held_replay_is_told_over_http(recording: Path) -> None:
    async with replay(recording, held=True) as simulator, connected(simulator) as (client, _):
        await post(simulator, "/sim/play", {"frames": 1})
        await eventually(lambda: client.frames[1:] == LINES[:1] and simulator.status()["holding"])


async def test_a_rest_is_not_caught_up_on() -> None:
    pacer = Pacer(1)
    await pacer.until(START_MS)
    await asyncio.sleep(0.3)
    pacer.start_anew()
    await pacer.until(START_MS + 100)
    began = time.monotonic()
    await pacer.until(START_MS + 200)
    assert time.monotonic() - began > 0.09


def test_a_synthetic_market_cannot_be_held() -> None:
    with pytest.raises(BadInputError, match="a recording can be held"):
        Simulator(SimOptions(held=True))


async def test_a_replay_delivers_only_subscribed_channels(recording: Path) -> None:
    async with replay(recording) as simulator, connected(simulator, ["T.A"]) as (client, _):
        await eventually(simulator.finished.is_set)
        await eventually(lambda: client.frames[1:2] == [line(trade("A", 0))])


async def receive_until(simulator: Simulator, fault: str, missing: int) -> list[Any]:
    """Return what one connection gets before a fault ends it, or the replay is finished."""
    async with connected(simulator) as (client, task):
        await eventually(lambda: len(client.frames) > 50 or simulator.finished.is_set())
        if simulator.finished.is_set():
            await eventually(lambda: len(client.frames) > missing)
        else:
            await post(simulator, "/sim/fault", {"kind": fault})
            await eventually(task.done)
        return client.frames[1:]


async def test_a_replay_goes_on_where_ended_connections_stood(tmp_path: Path) -> None:
    path = tmp_path / "long.ndjson"
    sent = [line(trade("A", number, q=number)) for number in range(20_000)]
    path.write_text("\n".join(sent))
    received: list[Any] = []
    async with replay(path) as simulator:
        for fault in itertools.cycle(["drop", "close"]):
            received += await receive_until(simulator, fault, len(sent) - len(received))
            if simulator.finished.is_set():
                break
        assert simulator.status()["sessions"].keys() >= {"dropped", "closed"}
    assert received == sent


async def test_event_time_paces_a_replay(tmp_path: Path) -> None:
    path = tmp_path / "slow.ndjson"
    path.write_text("\n".join(line(trade("A", ms)) for ms in (0, 5, 60_000)))
    async with replay(path, speed=1) as simulator, connected(simulator) as (client, _):
        await eventually(lambda: len(client.events) == 2)
        assert not simulator.finished.is_set()


async def test_days_between_two_frames_are_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "days.ndjson"
    path.write_text("\n".join(line(trade("A", ms)) for ms in (0, 86_400_000, 5, 172_800_000)))
    async with replay(path, speed=1) as simulator, connected(simulator) as (client, _):
        await eventually(lambda: len(client.events) == 4)


async def test_a_replay_loops(recording: Path) -> None:
    async with replay(recording, loop=True) as simulator, connected(simulator) as (client, _):
        await eventually(lambda: len(client.frames) > 3 * len(LINES))
        assert client.frames[1 : 1 + 2 * len(LINES)] == LINES * 2


async def test_a_replay_has_no_reference_data(recording: Path) -> None:
    async with replay(recording) as simulator:
        rest = RESTClient("key", base=simulator.rest_url, retries=0)

        def ask() -> list[list[Any]]:
            return [
                rest.get_snapshot_all("stocks"),
                rest.get_grouped_daily_aggs("2017-07-07"),
                list(rest.list_stocks_floats()),
                list(rest.list_tickers()),
            ]

        assert await asyncio.to_thread(ask) == [[], [], [], []]


async def test_a_reference_file_is_served(recording: Path, tmp_path: Path) -> None:
    reference = tmp_path / "reference.ndjson"
    bar = {"date": "2017-07-07", "o": 1.0, "h": 2.0, "l": 0.5, "c": 1.5, "v": 1_000}
    reference.write_text(json.dumps({"symbol": "A", "free_float": 77, "type": "CS", "daily": [bar]}))
    async with replay(recording, reference=reference) as simulator:
        rest = RESTClient("key", base=simulator.rest_url, retries=0)
        (snapshot,) = await asyncio.to_thread(rest.get_snapshot_all, "stocks")
        floats = await asyncio.to_thread(lambda: list(rest.list_stocks_floats()))
        (bar_served,) = await asyncio.to_thread(rest.get_grouped_daily_aggs, "2017-07-07")
        assert (snapshot.ticker, snapshot.prev_day.close) == ("A", 1.5)
        assert [row.free_float for row in floats] == [77]
        assert bar_served.volume == 1_000
        # Not begun yet: the clock stands where the day after that Friday begins.
        status = await asyncio.to_thread(rest.get_market_status)
        assert status.server_time == "2017-07-10T04:00:00-04:00"


@pytest.mark.parametrize("name", ["missing.ndjson", "folder", "fake.gz"])
def test_a_file_that_cannot_be_used_is_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "fake.gz").write_text("[]")
    with pytest.raises(BadInputError, match=f"cannot read .*{name}"):
        Recording(tmp_path / name)


async def test_a_truncated_gzip_ends_the_replay_with_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    whole = gzip.compress("\n".join(line(trade("A", n, q=hash(str(n)))) for n in range(50_000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    async with replay(path) as simulator, connected(simulator, ALL) as (client, _):
        await eventually(simulator.finished.is_set)
        assert "cannot read on in" in simulator.status()["error"]
        await eventually(lambda: len(client.frames) > 100)


def test_a_bad_line_of_a_reference_file_is_named(recording: Path, tmp_path: Path) -> None:
    reference = tmp_path / "reference.ndjson"
    reference.write_text('{"symbol":"A"}\n{"symbol":5}\n')
    with pytest.raises(BadInputError, match="line 2"):
        replay(recording, reference=reference)
