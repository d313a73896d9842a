import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from streams.errors import UnavailableError
from streams.local.process import ChildProcess, accepts_connections, free_port

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]
PARENT = """
import asyncio, sys
from streams.local.process import ChildProcess
async def main():
    child = ChildProcess("child", [sys.executable, "-c", "import time; time.sleep(600)"])
    await child.start()
    print(child.pid, flush=True)
    await child.wait()
asyncio.run(main())
"""


def gone(pid: int, patience_s: float = 20) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


async def test_child_of_a_parent_killed_with_9_is_gone() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
        parent.wait()
    assert gone(child)


async def test_child_does_not_share_the_terminal_s_process_group() -> None:
    child = ChildProcess("sleeper", SLEEPER)
    await child.start()
    assert child.pid is not None
    assert os.getpgid(child.pid) != os.getpgid(0)
    await child.kill()


async def test_stop_ends_a_child_that_listens() -> None:
    child = ChildProcess("sleeper", SLEEPER)
    await child.start()
    await child.stop()
    assert child.exit_code == -signal.SIGTERM


async def test_stop_kills_a_child_that_does_not_listen(tmp_path: Path) -> None:
    child = ChildProcess("stubborn", STUBBORN, log_path=tmp_path / "log", stop_timeout_s=0.3)

    async def says_up() -> bool:
        return bool(child.last_lines())

    await child.start(says_up)
    await child.stop()
    assert child.exit_code == -signal.SIGKILL


async def test_failed_start_tells_the_last_lines_of_the_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", r"print('port is \x1b[1mtaken\n\x1b[?25h'); raise SystemExit(3)"]
    child = ChildProcess("Server", command, log_path=tmp_path / "log")

    async def never() -> bool:
        return False

    with pytest.raises(
        UnavailableError, match="Server ended with exit code 3; its last lines: port is taken"
    ):
        await child.start(never)


async def test_child_that_never_gets_ready_is_killed() -> None:
    child = ChildProcess("sleeper", SLEEPER)

    async def never() -> bool:
        return False

    with pytest.raises(UnavailableError, match="not ready after 0.3 s"):
        await child.start(never, timeout_s=0.3)
    assert not child.running


async def test_missing_program_is_one_line_in_the_log(tmp_path: Path) -> None:
    child = ChildProcess("Nothing", ["/no/such/program"], log_path=tmp_path / "log")
    await child.start()
    assert await child.wait() == 127
    assert child.last_lines() == ["/no/such/program: No such file or directory"]


async def test_free_port_refuses_connections() -> None:
    assert not await accepts_connections("127.0.0.1", free_port())
