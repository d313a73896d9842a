import os
import subprocess
import sys
import time
from pathlib import Path

from streams.faults.clock import sitecustomize

SHOW = "import time; print(time.time(), time.time_ns() // 10**9)"


def shown(environment: dict[str, str]) -> list[float]:
    folder = str(Path(sitecustomize.__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**os.environ, "PYTHONPATH": folder, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(word) for word in done.stdout.split()]


def test_a_process_is_an_hour_ahead_where_the_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    path.write_text("3600")
    assert all(each - time.time() > 3_000 for each in shown({sitecustomize.VARIABLE: str(path)}))


def test_a_clock_is_right_while_there_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    assert all(abs(each - time.time()) < 1_000 for each in shown({sitecustomize.VARIABLE: str(path)}))
