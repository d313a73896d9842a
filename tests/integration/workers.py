"""Faust workers as processes, each with a data directory and a port of its own, and what they have done."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr

from streams.local.process import ChildProcess, free_port
from streams.settings import Settings
from streams.topics import Topic

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0
TIMEOUT_S = 90.0
"""Far more than anything takes on a machine that does nothing else."""
POLL_S = 0.1


async def eventually(condition: Callable[[], Awaitable[object]], timeout_s: float = TIMEOUT_S) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + timeout_s
    while not await condition():
        assert time.monotonic() < deadline, f"not so after {timeout_s:g} s"
        await asyncio.sleep(POLL_S)


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a child process that gets what is set in ``settings``."""
    given = {name.upper(): _text(getattr(settings, name)) for name in settings.model_fields_set}
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "state"))), **given}


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, list) else str(value)


class Worker:
    """One worker process; ``data_dir`` outlives it."""

    def __init__(self, app: str, settings: Settings, data_dir: Path, log_path: Path) -> None:
        self.port = free_port()
        self.log_path = log_path
        self._process = ChildProcess(
            f"worker {app}",
            [sys.executable, "-m", "faust", "-A", app, "--datadir", str(data_dir), "worker", "-l", "info"],
            log_path=log_path,
            environment={**environment(settings), "WORKER_PORT": str(self.port)},
            folder=data_dir.parent,
            stop_timeout_s=20.0,
        )

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process.running

    @property
    def exit_code(self) -> int | None:
        """How it ended."""
        return self._process.exit_code

    async def start(self) -> None:
        """Start, and return when it has its partitions."""
        await self._process.start(self.is_ready, START_TIMEOUT_S)

    async def launch(self) -> None:
        """Start, without waiting."""
        await self._process.start()

    async def health(self) -> dict[str, Any] | None:
        """Return what it says of itself, None while it says nothing."""
        try:
            async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
                answer: dict[str, Any] = (await client.get(f"http://127.0.0.1:{self.port}/health")).json()
                return answer
        except (httpx.HTTPError, ValueError):
            return None

    async def is_ready(self) -> bool:
        """Tell whether it works."""
        health = await self.health()
        return health is not None and health["status"] == "ok"

    async def partitions(self, topic: str) -> set[int]:
        """Return which partitions of a topic it has."""
        health = await self.health() or {"partitions": []}
        return {each["partition"] for each in health["partitions"] if each["topic"] == topic}

    async def stop(self) -> None:
        """Send SIGTERM and wait for its end."""
        await self._process.stop()

    async def ended(self) -> int:
        """Wait for its end and return how it ended."""
        return await self._process.wait()

    async def kill(self) -> None:
        """Send SIGKILL."""
        await self._process.kill()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)


class Workers:
    """The workers of one app in one test; all are gone at the end, and their logs lie in the folder."""

    def __init__(self, app: str, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self._app = app
        self.folder = folder
        self._all: list[Worker] = []

    async def start(self, data: str = "0") -> Worker:
        """Start a worker whose data lies in the folder ``data``; return when it has its partitions."""
        worker = self.make(data)
        await worker.start()
        return worker

    def make(self, data: str) -> Worker:
        """Return a worker that has not been started."""
        data_dir = self.folder / f"data-{data}"
        data_dir.mkdir(parents=True, exist_ok=True)
        worker = Worker(self._app, self.settings, data_dir, self.folder / f"worker-{len(self._all)}.log")
        self._all.append(worker)
        return worker

    def running(self) -> list[Worker]:
        """Return the workers that run, oldest first."""
        return [worker for worker in self._all if worker.running]

    async def __aenter__(self) -> Workers:
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self._all:
            if worker.running:
                worker.signal(signal.SIGCONT)
        await asyncio.gather(*(worker.kill() for worker in self._all))


def partitions_of(settings: Settings, topic: Topic) -> list[TopicPartition]:
    """Return a topic's partitions."""
    return [TopicPartition(settings.topic(topic), number) for number in range(settings.partitions(topic))]


@contextlib.asynccontextmanager
async def consumer_of(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """Return a consumer that is in no group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def read_all(settings: Settings, partitions: list[TopicPartition]) -> list[Any]:
    """Return all records of ``partitions``, in order within each."""
    async with consumer_of(settings) as consumer:
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                found += records
        return found


async def lag(settings: Settings, group: str, topic: Topic) -> int:
    """Return how many records of a topic a group has not committed; what was never committed counts whole."""
    partitions = partitions_of(settings, topic)
    async with consumer_of(settings) as consumer:
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return sum(end - max(0, committed[tp].offset if tp in committed else 0) for tp, end in ends.items())
