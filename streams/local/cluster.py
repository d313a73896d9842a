"""Several brokers on one machine: what happens to a cluster when one of them dies."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.local.cache import Progress, silent
from streams.local.kafka import KafkaServer
from streams.local.quorum import Quorum
from streams.settings import Settings


class KafkaCluster:
    """Brokers of one cluster, each in a process of its own; a topic may have as many replicas.

    Args:
        brokers: How many; three let one die.
        settings: Where downloads go and come from.
        folder: Holds a folder for each broker; None for temporary ones, removed by ``stop``.
        progress: Told what is being done.
    """

    def __init__(
        self,
        brokers: int = 3,
        settings: Settings | None = None,
        folder: Path | None = None,
        progress: Progress = silent,
    ) -> None:
        quorum = Quorum.of(brokers)
        self.brokers = [
            KafkaServer(settings, None if folder is None else folder / str(number), progress, quorum, number)
            for number in range(1, brokers + 1)
        ]

    @property
    def bootstrap(self) -> str:
        """All brokers' ``host:port``, with commas between."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    async def start(self) -> None:
        """Start all brokers; return when each answers.

        Raises:
            UnavailableError: They cannot be downloaded, or one does not start.
        """
        try:
            async with asyncio.TaskGroup() as starting:
                for broker in self.brokers:
                    starting.create_task(broker.start())
        except BaseException as error:
            await self.stop()
            raise error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error from None

    async def stop(self) -> None:
        """Stop all brokers in order."""
        await asyncio.gather(*(broker.stop() for broker in self.brokers))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
