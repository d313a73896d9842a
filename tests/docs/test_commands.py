"""Every command in the pages runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import uuid
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from streams.local.process import accepts_connections, free_port
from streams.local.stack import LocalStack
from tests.docs.pages import ROOT, Block, blocks, pages

SHOWN = (
    "scripts",
    "docs",
    "streams",
    "redpanda",
    "helm",
    ".venv",
    "pyproject.toml",
    "constraints",
    "README.md",
)
EXAMPLE_PORT = re.compile(r"\b42[1-9]\d\b")
"""Ports that only examples use: others stand in their place here."""
WDS_PORT = 4202
STARTS_S = 60.0
ENDS_S = 60.0


class Reader:
    """Somebody who pastes a page's commands, one block after another, in a folder like a clone."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        for name in SHOWN:
            (folder / name).symlink_to(ROOT / name)
        self._folder = folder
        self._environment = environment
        self._ports: dict[str, str] = {}
        self._beside: list[Process] = []
        self._started: list[Process] = []

    async def paste(self, block: Block) -> None:
        """Run a block as its remarks say."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", self._with_free_ports(block.code)),
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if block.beside is None else asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._started.append(process)
        if block.beside is not None:
            self._beside.append(process)
            port = int(self._with_free_ports(block.beside))
            async with asyncio.timeout(STARTS_S):
                while not await accepts_connections("127.0.0.1", port):
                    assert process.returncode is None, f"it ended: {block.code}"
                    await asyncio.sleep(0.1)
            return
        if block.seconds is not None:
            await asyncio.sleep(block.seconds)
            _signal(process, signal.SIGINT)
        said, _ = await asyncio.wait_for(process.communicate(), ENDS_S)
        ended_well = (0,) if block.seconds is None else (0, 130, -signal.SIGINT)
        assert process.returncode in ended_well, f"{block.code}\nprinted:\n{said.decode()}"

    async def leave(self) -> None:
        """End what goes on beside, and whatever did not end by itself."""
        try:
            for process in self._beside:
                _signal(process, signal.SIGINT)
                assert await asyncio.wait_for(process.wait(), ENDS_S) in (0, 130)
        finally:
            for process in self._started:
                _signal(process, signal.SIGKILL)

    def _with_free_ports(self, code: str) -> str:
        return EXAMPLE_PORT.sub(lambda port: self._ports.setdefault(port[0], str(free_port())), code)


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=named)
async def test_every_command_of_a_page_runs(page: Path, tmp_path: Path, stack: LocalStack) -> None:
    found = [block for block in blocks(page) if block.run_by is None]
    for block in blocks(page):
        assert block.run_by is None or (ROOT / block.run_by).exists()
    if any(block.beside == str(WDS_PORT) for block in found) and await accepts_connections(
        "127.0.0.1", WDS_PORT
    ):
        pytest.skip(f"port {WDS_PORT}, which the page uses, is taken")
    environment = {**os.environ, "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    if any(block.servers for block in found):
        environment |= {
            "KAFKA_BOOTSTRAP": stack.bootstrap,
            "KAFKA_TOPIC_PREFIX": f"d{uuid.uuid4().hex[:8]}.",
            "MDC_REDIS_URL": stack.mdc_redis_url,
            "WDC_REDIS_URL": stack.wdc_redis_url,
        }
    reader = Reader(tmp_path, environment)
    try:
        for block in found:
            await reader.paste(block)
    finally:
        await reader.leave()
