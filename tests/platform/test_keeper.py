"""Real processes: a web server of Python's own stands for a component."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from streams.errors import UnavailableError
from streams.local.process import free_port
from streams.platform.components import Component
from streams.platform.keeper import Keeper
from streams.platform.probe import Probe

TIMEOUT_S = 60.0
SERVER = """
import http.server, os
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(b'{"pid": %d, "word": "%s"}' % (os.getpid(), os.environ["WORD"].encode()))
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", PORT), Health).serve_forever()
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
async def keeper(said: list[str], tmp_path: Path) -> AsyncIterator[Keeper]:
    keeper = Keeper({"WORD": "of all"}, said.append, log_folder=tmp_path, stop_timeout_s=5)
    yield keeper
    await keeper.stop()


@pytest.fixture
async def probe() -> AsyncIterator[Probe]:
    async with Probe() as probe:
        yield probe


@pytest.fixture
def server() -> Component:
    port = free_port()
    code = SERVER.replace("PORT", str(port))
    return Component("server", (sys.executable, "-c", code), f"http://127.0.0.1:{port}/", bool)


async def test_a_component_gets_its_environment(keeper: Keeper, probe: Probe, server: Component) -> None:
    await keeper.start(server)
    await keeper.until_ready(server, probe)
    assert await probe.health(server.health_url) == {"pid": keeper.pids["server"], "word": "of all"}


async def test_what_is_killed_is_started_again(
    keeper: Keeper, probe: Probe, server: Component, said: list[str]
) -> None:
    await keeper.start(server)
    await keeper.until_ready(server, probe)
    first = keeper.pids["server"]
    os.kill(first, 9)
    async with asyncio.timeout(TIMEOUT_S):
        while (await probe.health(server.health_url)).get("pid") in {None, first}:  # noqa: ASYNC110  HTTP
            await asyncio.sleep(0.05)
    assert keeper.restarts == {"server": 1}
    assert keeper.all_pids == {first, keeper.pids["server"]}
    assert "server ended (exit code -9" in said[0]


async def test_stop_leaves_no_process(
    keeper: Keeper, probe: Probe, server: Component, said: list[str]
) -> None:
    await keeper.start(server)
    await keeper.until_ready(server, probe)
    pids = keeper.all_pids
    await keeper.stop()
    assert not any(map(psutil.pid_exists, pids))
    assert said == []


async def test_a_component_that_dies_at_its_start_is_an_error_with_its_last_line(
    keeper: Keeper, probe: Probe
) -> None:
    code = "import sys; sys.exit('streams: the port is taken')"
    dying = Component("dying", (sys.executable, "-c", code), f"http://127.0.0.1:{free_port()}/", bool)
    await keeper.start(dying)
    with pytest.raises(UnavailableError, match="dying does not start: the port is taken"):
        await keeper.until_ready(dying, probe)


async def test_a_component_that_is_not_ready_in_time_is_an_error(
    keeper: Keeper, probe: Probe, server: Component
) -> None:
    await keeper.start(server)
    with pytest.raises(UnavailableError, match="not ready after"):
        await keeper.until_ready(server, probe, 1.0, is_ready=lambda _: False)


async def test_one_that_ends_by_itself_fails_with_its_last_line(keeper: Keeper) -> None:
    code = "import sys; sys.exit('streams: no vendor key')"
    with pytest.raises(UnavailableError, match="load failed: no vendor key"):
        await keeper.run_once(Component("load", (sys.executable, "-c", code), "", bool))
