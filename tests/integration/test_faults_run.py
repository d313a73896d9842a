"""The faults, as a user runs them: the short form, and runs that are ended early."""

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "streams", "faults", "--short", "--json"]
TIMEOUT_S = 280


def outcomes(stdout: str) -> list[dict[str, Any]]:
    return json.loads(stdout.splitlines()[-1])["faults"]


@pytest.mark.timeout(300)
def test_the_most_telling_faults_lose_and_double_nothing() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    found = outcomes(done.stdout)
    assert {each["name"] for each in found} == {"kill-scanner-worker", "flush-redis", "rolling-restart"}
    assert all((each["lost"], each["doubled"]) == (0, 0) for each in found)
    assert all(each["recovery_s"] is not None for each in found)
    for each in found:
        assert any(line.startswith(f"{each['name']} ") for line in done.stderr.splitlines())


def test_at_the_deadline_what_there_is_is_printed() -> None:
    done = subprocess.run(
        [*COMMAND, "--deadline", "1"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 1
    assert outcomes(done.stdout) == []
    assert "streams: not all was done in 1 s: --deadline gives more time" in done.stderr
    assert "not made: kill-scanner-worker, flush-redis, rolling-restart" in done.stderr


def test_a_run_that_is_told_to_end_prints_what_there_is() -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "starting" in running.stderr.readline()
        running.send_signal(signal.SIGTERM)
        stdout, stderr = running.communicate(timeout=TIMEOUT_S)
    assert running.returncode == 1
    assert outcomes(stdout) == []
    assert "not made: kill-scanner-worker, flush-redis, rolling-restart" in stderr
