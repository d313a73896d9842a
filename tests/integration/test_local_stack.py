import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from streams.local.stack import LocalStack
from streams.settings import Settings

GIVEN = {
    "kafka_bootstrap": "broker.example:9092",
    "mdc_redis_url": "redis://redis.example/0",
    "wdc_redis_url": "redis://redis.example/1",
}


async def test_servers_that_are_given_are_used_and_none_is_started() -> None:
    async with LocalStack(Settings.model_validate(GIVEN)) as stack:
        assert stack.kafka is None
        assert stack.redis is None
        assert stack.environment() == {name.upper(): value for name, value in GIVEN.items()}


async def test_caches_have_databases_of_their_own(stack: LocalStack) -> None:
    assert stack.mdc_redis_url.endswith("/0")
    assert stack.wdc_redis_url.endswith("/1")


def scratch_folders() -> Iterator[Path]:
    return Path(tempfile.gettempdir()).glob(f"market-streams-*-{os.getpid()}-*")


async def test_stopped_stack_leaves_no_process_and_no_folder() -> None:
    stack = LocalStack(Settings(), docker=False)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    folders = set(scratch_folders())
    async with stack:
        started = {child.pid for child in psutil.Process().children(recursive=True)} - before
        assert len(started) == 2
    assert not {child.pid for child in psutil.Process().children(recursive=True)} & started
    assert set(scratch_folders()) <= folders


def test_folders_of_an_owner_that_is_gone_are_removed_by_the_next_start(tmp_path: Path) -> None:
    code = "from streams.local.scratch import make_scratch; print(make_scratch('test'))"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert len(list(tmp_path.iterdir())) == 1
