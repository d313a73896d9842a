"""The demo as a user runs it: everything real, in processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

SMALL = ["--rate", "5000", "--symbols", "500"]
TIMEOUT_S = 120.0

StartDemo = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[StartDemo]:
    """Start a demo whose temporary files are in tmp_path; none outlives the test."""
    started = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "streams", "demo", "--headless", "--json"),
                # Other apps are other tests'; the dashboard is there, as by default.
                *("--wds-port", "0", "--scp-port", "0", "--apps", "none", *arguments),
            ],
            env={**os.environ, "TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def until_events_come(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Wait until boards are published; return the demo's processes."""
    assert process.stderr is not None
    for line in process.stderr:
        if " · boards " in line and " · boards 0 " not in line:
            return psutil.Process(process.pid).children(recursive=True)
    raise AssertionError("the demo ended before events came")


def still_there(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def assert_sound(report: dict) -> None:
    assert report["dropped"] == {}
    assert report["events_in"] == report["events_processed"] + report["in_flight"]
    assert report["in_flight"] == 0
    assert (report["stopped_clean"], report["left"]) == (True, [])


def test_a_short_demo_accounts_for_every_event_and_leaves_nothing(
    start_demo: StartDemo, tmp_path: Path
) -> None:
    process = start_demo(*SMALL, "--seconds", "8", "--workers", "2")
    processes = until_events_come(process)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, err
    report = json.loads(out.splitlines()[-1])
    assert_sound(report)
    assert report["events_in"] > 5_000
    assert report["board_updates"] >= 3
    assert report["latency_ms"]["p50"] > 0
    assert (report["workers"], report["symbols"], report["restarts"]) == (2, 500, {})
    assert still_there(processes) == []
    assert list(tmp_path.iterdir()) == []


def test_a_killed_worker_comes_back_and_ctrl_c_ends_all_of_it_soon(
    start_demo: StartDemo, tmp_path: Path
) -> None:
    process = start_demo(*SMALL)
    processes = until_events_come(process)
    next(each for each in processes if "faust" in each.cmdline()).kill()
    assert process.stderr is not None
    for line in process.stderr:
        if "restarted scanner worker 1" in line and " lag 0 " in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, "Traceback" in err) == (130, False)
    report = json.loads(out.splitlines()[-1])
    assert report["restarts"] == {"scanner worker 1": 1}
    assert (report["dropped"], report["stopped_clean"], report["left"]) == ({}, True, [])
    assert still_there(processes) == []
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_it_starts_leaves_nothing(start_demo: StartDemo, tmp_path: Path) -> None:
    process = start_demo(*SMALL)
    assert process.stderr is not None
    process.stderr.readline()
    processes = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert still_there(processes) == []
    assert list(tmp_path.iterdir()) == []


def test_its_processes_die_with_it(
    start_demo: StartDemo, until_true: Callable[[Callable[[], bool]], None]
) -> None:
    process = start_demo(*SMALL)
    processes = until_events_come(process)
    process.kill()
    process.communicate(timeout=TIMEOUT_S)
    until_true(lambda: still_there(processes) == [])


def test_a_recording_goes_through_all_of_it(tmp_path: Path) -> None:
    frames = [
        [
            {"ev": "T", "sym": f"S{number}", "p": 5.0, "s": 10, "t": 1_499_697_155_000 + number},
            {
                "ev": "A", "sym": f"S{number}", "v": 10, "av": 100 + number,
                "o": 5.0, "c": 6.0, "h": 6.0, "l": 5.0,
                "s": 1_499_697_155_000, "e": 1_499_697_156_000,
            },
        ]
        for number in range(50)
    ]  # fmt: skip
    recording = tmp_path / "recording.ndjson"
    recording.write_text("".join(json.dumps(frame) + "\n" for frame in frames))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "streams", "replay", str(recording), "--speed", "0", "--exit", "--json"),
            *("--wds-port", "0", "--workers", "2"),
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert_sound(report := json.loads(done.stdout.splitlines()[-1]))
    assert report["events_in"] == 100
    assert "scanners:top_volume: 1 S49 6, 2 S48 6, 3 S47 6" in done.stderr


def test_a_second_demo_runs_beside_the_first_whose_port_is_that_asked_for(start_demo: StartDemo) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    first = start_demo(*SMALL, "--wds-port", str(port))
    processes = until_events_come(first)
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    second = start_demo(*SMALL, "--seconds", "3")
    out, err = second.communicate(timeout=TIMEOUT_S)
    assert second.returncode == 0, err
    assert_sound(json.loads(out.splitlines()[-1]))
    first.send_signal(signal.SIGTERM)
    out, err = first.communicate(timeout=TIMEOUT_S)
    assert (first.returncode, "Traceback" in err) == (0, False)
    assert_sound(json.loads(out.splitlines()[-1]))
    assert still_there(processes) == []


@pytest.fixture
def until_true() -> Callable[[Callable[[], bool]], None]:
    def wait(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + TIMEOUT_S
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)

    return wait
