"""The short form of the faults, as a user runs it."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(300)


def test_the_most_telling_faults_lose_and_double_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streams", "faults", "--short", "--json"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    outcomes = json.loads(done.stdout.splitlines()[-1])["faults"]
    assert {each["name"] for each in outcomes} == {"kill-scanner-worker", "flush-redis"}
    assert all((each["lost"], each["doubled"]) == (0, 0) for each in outcomes)
    assert all(each["recovery_s"] is not None for each in outcomes)
