"""One installation of the whole platform on servers of its own, and a market played to it in pieces."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from streams.demo.counts import Ledger
from streams.demo.options import DemoOptions
from streams.demo.stage import Stage
from streams.errors import UnavailableError
from streams.faults.clock import sitecustomize
from streams.faults.comparison import Comparison, compare
from streams.faults.expiry import Expiry
from streams.faults.market import Piece, RecordedMarket
from streams.faults.results import Results, read_results
from streams.faults.watch import Watch
from streams.local.cache import Progress
from streams.local.kafka import KafkaServer
from streams.local.redis import RedisServer
from streams.local.stack import LocalStack
from streams.platform.components import OTHER_APPS, Component, lag
from streams.redis_link import FAILURES, make_client
from streams.settings import Settings
from streams.sim.options import SimOptions

SESSION_TIMEOUT_S: Final = 4.0
"""A killed worker's partitions go to others after this time: the default's 10 s would be most of each run."""
POLL_S: Final = 0.25
SETTLE_TIMEOUT_S: Final = 40.0
AGREE_TIMEOUT_S: Final = 30.0
"""How long boards may take to say what was read: they are published each second."""
REDIS_TIMEOUT_S: Final = 15.0


class Installation:
    """The platform with all its apps, one worker each, as processes.

    Args:
        market: What is played.
        settings: Where downloads are; servers that they name are not touched.
        folder: For what is temporary.
        say: Told what is being done.

    Attributes:
        stage: The processes and servers.
        ledger: What the processes have counted, over their restarts.
        opened_at: When the first piece began, monotonic seconds.
        clock_file: Holds by how many seconds the processes' clocks are wrong.
    """

    def __init__(self, market: RecordedMarket, settings: Settings, folder: Path, say: Progress) -> None:
        own = settings.model_copy(update={"auth_api_key": None, "auth_enabled": True})
        own.model_fields_set.difference_update({"kafka_bootstrap", "mdc_redis_url", "wdc_redis_url"})
        self.clock_file = folder / "clock"
        played = SimOptions(input=market.frames, news=market.news, reference=market.reference, held=True)
        options = DemoOptions(market=played, apps=OTHER_APPS, workers=1, wds_port=0, dashboard=False)
        self.stage = Stage(options, own, say, environment=self._environment())
        self.stage.stack = LocalStack(own, docker=False, progress=say)
        self.ledger = Ledger()
        self.opened_at = 0.0
        self._pieces = iter(market.pieces)

    @property
    def kafka(self) -> KafkaServer:
        """The broker."""
        assert isinstance(self.stage.stack.kafka, KafkaServer)  # noqa: S101  no other was allowed
        return self.stage.stack.kafka

    @property
    def redis(self) -> RedisServer:
        """The server of both databases."""
        assert isinstance(self.stage.stack.redis, RedisServer)  # noqa: S101  no other was allowed
        return self.stage.stack.redis

    @property
    def settings(self) -> Settings:
        """The settings of its processes, as far as they say where Kafka is."""
        return self.stage.settings.model_copy(update={"kafka_bootstrap": self.stage.stack.bootstrap})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Installation]:
        """Start everything, play the first piece and load reference data; stop everything at the end.

        Raises:
            StreamsError: Something cannot be started.
        """
        stage = self.stage
        try:
            await stage.start()
            for component in stage.listeners:
                await stage.keeper.until_ready(component, stage.probe)
            self.opened_at = time.monotonic()
            await self.play()
            await self.settle()
            await stage.load_reference()
            await self.settle()
            yield self
        finally:
            await stage.stop()

    async def play(self) -> Piece:
        """Begin to play the next piece; return it.

        Raises:
            UnavailableError: The simulator does not take the order.
        """
        piece = next(self._pieces)
        until = {"frames": piece.frames.stop, "articles": piece.articles.stop}
        if not await self.stage.probe.post(self.stage.simulator_url("play"), until):
            raise UnavailableError("the simulator does not play")
        return piece

    def kill(self, component: Component) -> float:
        """End a process with SIGKILL; return when, monotonic seconds. It is started again by its keeper.

        Raises:
            UnavailableError: It does not run.
        """
        pid = self.stage.keeper.pids.get(component.name)
        if pid is None:
            raise UnavailableError(f"{component.name} does not run, so it cannot be killed")
        os.kill(pid, signal.SIGKILL)
        return time.monotonic()

    async def settle(self) -> None:
        """Return once the piece has been sent and the workers have read all of it.

        Raises:
            UnavailableError: It has not in time; what is missing is in the message.
        """
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        before: int | None = None
        while True:
            through = await self._through()
            if isinstance(through, int) and through == before:
                return
            if time.monotonic() > deadline:
                why = through if isinstance(through, str) else "workers read on"
                raise UnavailableError(f"not all has gone through after {SETTLE_TIMEOUT_S:g} s: {why}")
            before = through if isinstance(through, int) else None
            await asyncio.sleep(POLL_S)

    async def compared(self, expected: Results, expiry: Expiry) -> Comparison:
        """Return where the results differ from what is expected, once they agree or no longer may.

        Args:
            expected: What clients would read had nothing failed.
            expiry: Knows what of it may have expired.

        Raises:
            UnavailableError: Redis cannot be read.
        """
        deadline = time.monotonic() + AGREE_TIMEOUT_S
        while True:
            found = await self._results()
            comparison = compare(expiry.without_expired(expected, found, time.monotonic()), found)
            if comparison.agrees or time.monotonic() > deadline:
                return comparison
            await asyncio.sleep(POLL_S)

    def watch(self) -> Watch:
        """Return what looks at this installation."""
        return Watch(self.stage, self.ledger)

    async def _through(self) -> int | str:
        """Return where the workers have read to if all that was sent is read, else what is missing."""
        stage = self.stage
        simulator = await stage.probe.health(stage.simulator.health_url)
        if not all(
            each.get("holding") or each.get("finished") for each in (simulator, simulator.get("news", {}))
        ):
            return "the simulator has not sent all"
        for component in stage.listeners:
            kafka = (await stage.probe.health(component.health_url)).get("kafka", {})
            if kafka.get("buffered_records", 1):
                return f"the {component.name} has not written all"
        position = 0
        for component in stage.workers:
            health = await stage.probe.health(component.health_url)
            if not component.is_ready(health):
                return f"{component.name} is not ready: {health.get('status', 'no answer')}"
            if behind := lag(health):
                return f"{component.name} has {behind} records to read"
            position += sum(progress["position"] for progress in health["partitions"])
        return position

    async def _results(self) -> Results:
        market, widgets = (make_client(url, REDIS_TIMEOUT_S, 1) for url in self.stage.redis_urls)
        try:
            return await read_results(market, widgets)
        except FAILURES as error:
            raise UnavailableError(f"what clients would read cannot be read from Redis: {error!r}") from None
        finally:
            await asyncio.gather(market.aclose(), widgets.aclose())

    def _environment(self) -> dict[str, str]:
        folders = [str(Path(sitecustomize.__file__).parent), os.environ.get("PYTHONPATH", "")]
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, folders)),
            sitecustomize.VARIABLE: str(self.clock_file),
            "WORKER_SESSION_TIMEOUT_S": str(SESSION_TIMEOUT_S),
            "TOP_TRADES_INTERVAL_S": "1",
            "BAR_INTERVAL_S": "0.1",
            # A listener that is killed must come back by itself, as in production.
            "LISTENER_AUTOSTART": "true",
            "RECONNECT_CLOSED_LONGEST_S": "2",
        }
