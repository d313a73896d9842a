import asyncio
import gzip
import json
import os
import sys
from pathlib import Path

from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator

TIMEOUT_S = 60.0


async def record(simulator: Simulator, *arguments: str) -> asyncio.subprocess.Process:
    environment = {"MASSIVE_API_KEY": "k", "MASSIVE_FEED": simulator.ws_url, "LOG_LEVEL": "WARNING"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "record", *arguments),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def events_in(lines: list[bytes]) -> list[dict]:
    return [event for line in lines for event in json.loads(line)]


async def test_every_line_is_a_frame_of_market_data(tmp_path: Path) -> None:
    path = tmp_path / "market.ndjson"
    async with Simulator(SimOptions(symbols=50, rate=3_000)) as simulator:
        process = await record(simulator, str(path), "--seconds", "4")
        out, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    lines = path.read_bytes().splitlines()
    assert (process.returncode, out.decode()) == (0, f"{len(lines)} frames in {path}\n")
    assert {event["ev"] for event in events_in(lines)} >= {"T", "Q", "A"}


async def test_ctrl_c_leaves_whole_lines_in_a_whole_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "market.ndjson.gz"
    async with Simulator(SimOptions(symbols=50, rate=3_000)) as simulator:
        process = await record(simulator, str(path))
        async with asyncio.timeout(TIMEOUT_S):
            while not path.exists() or path.stat().st_size < 10_000:  # noqa: ASYNC110  a file tells nobody
                await asyncio.sleep(0.05)
        process.send_signal(2)
        _, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert (process.returncode, err) == (130, b"")
    with gzip.open(path) as file:
        lines = file.read().splitlines(keepends=True)
    assert all(line.endswith(b"\n") for line in lines)
    assert len(events_in(lines)) > 100
