"""A demo's servers and processes: all of the platform, with the simulator in the vendor's place."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from streams.demo.options import MARKET_OPTIONS, DemoOptions
from streams.errors import UnavailableError
from streams.local.cache import Progress
from streams.local.process import free_port
from streams.local.scratch import make_scratch, remove_scratch
from streams.local.stack import LocalStack
from streams.platform.components import (
    NEWS,
    SCANNER,
    SELF,
    SIMULATOR,
    Component,
    Health,
    assigned_partitions,
    listener,
    news_listener,
    scp,
    wds,
    worker,
)
from streams.platform.keeper import Keeper, together
from streams.platform.probe import Probe
from streams.settings import Settings
from streams.sim.options import SimOptions
from streams.topic_admin import create_topics

CHANNELS: Final = "T.*,Q.*,A.*,AM.*,LULD.*"
READY_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 2.5
POLL_S: Final = 0.1
HOST: Final = "127.0.0.1"
STALL_S: Final = 86_400


class Stage:
    """Starts all that a demo needs, in the order in which no event is missed.

    Args:
        options: The demo's options.
        settings: What the environment says; servers that it names are used as they are.
        say: Told what is being done.
        environment: Variables of all processes, beside those that the stage sets itself.

    Attributes:
        key: The WDS's key; None where it needs none.
        key_is_made: Whether the key was made for this run.
        probe: Asks the processes how they are.
        scanners: The scanner's workers.
        workers, listener, wds, simulator: The processes.
        scp: The dashboard's; None where the demo has none.
        listeners: That listener, and that of news where the demo has news.
    """

    def __init__(
        self,
        options: DemoOptions,
        settings: Settings,
        say: Progress,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.options = options
        self._say = say
        self._given_environment = environment or {}
        self._listener_port, self._sim_port, self._rest_port = (free_port(HOST) for _ in range(3))
        self._news_listener_port, self._news_port = free_port(HOST), free_port(HOST)
        self.key_is_made = settings.auth_enabled and settings.auth_api_key is None
        made = SecretStr(secrets.token_urlsafe(12))
        self.key = (settings.auth_api_key or made) if settings.auth_enabled else None
        self.settings = settings.model_copy(
            update={
                "listener_host": HOST,
                "listener_port": self._listener_port,
                "finlight_listener_port": self._news_listener_port,
                "wds_port": options.wds_port or free_port(HOST),
                "scp_host": HOST,
                "scp_port": _scp_port(options, settings),
            }
        )
        self._given = settings
        self.stack = LocalStack(settings, progress=say)
        self.scanners = [worker(SCANNER, number + 1, free_port(HOST)) for number in range(options.workers)]
        self.workers = [*self.scanners, *(worker(app, 1, free_port(HOST)) for app in options.apps)]
        self.listener = listener(self.settings)
        self.listeners = [self.listener, *([news_listener(self.settings)] if NEWS in options.apps else ())]
        self.wds = wds(self.settings)
        self._watched = (*self.listeners, *self.workers, self.wds)
        self.scp = scp(self.settings, self._watched) if options.dashboard else None
        self.simulator = self._simulator(options.market)
        self.probe = Probe()
        self._folder: Path | None = None
        self._keeper: Keeper | None = None
        self._server_pids: dict[str, int] = {}
        self._servers_are_up = asyncio.Event()

    @property
    def keeper(self) -> Keeper:
        """What keeps the processes."""
        if self._keeper is None:
            raise UnavailableError("the demo has not been started")
        return self._keeper

    @property
    def wds_url(self) -> str:
        """Where a client connects."""
        return f"ws://localhost:{self.settings.wds_port}/ws"

    @property
    def redis_urls(self) -> tuple[SecretStr, SecretStr]:
        """The Redis databases of market data and of widgets."""
        return SecretStr(self.stack.mdc_redis_url), SecretStr(self.stack.wdc_redis_url)

    @property
    def ports(self) -> list[int]:
        """The ports that the demo listens on, those of servers that it found aside."""
        shown = () if self.scp is None else (self.scp,)
        served = (*self.workers, *self.listeners, self.wds, *shown, self.simulator)
        ports = [int(component.health_url.split("/")[2].rpartition(":")[2]) for component in served]
        return [*ports, self._sim_port, self._news_port]

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of what runs, by name."""
        return {**self._server_pids, **self.keeper.pids}

    @property
    def all_pids(self) -> set[int]:
        """The process ids of all that was ever started."""
        kept = set() if self._keeper is None else self._keeper.all_pids
        return {*self._server_pids.values(), *kept}

    def simulator_url(self, path: str) -> str:
        """Return the address of one of the simulator's own endpoints, such as ``sent``."""
        return f"http://{HOST}:{self._rest_port}/sim/{path}"

    async def start(self, *, scanners_only: bool = False) -> None:
        """Start everything; return when all of it waits for the market.

        Args:
            scanners_only: Whether other apps' workers are left to ``start_other_workers``: they miss nothing,
                for a worker begins with what its topics hold.

        Raises:
            StreamsError: Something cannot be started; what was is to be ended with ``stop``.
        """
        _check_port(self.settings.wds_host, self.settings.wds_port, "the WDS", "--wds-port")
        if self.scp is not None:
            _check_port(HOST, self.settings.scp_port, "the dashboard", "--scp-port")
        self._folder = await asyncio.to_thread(make_scratch, "demo")
        self._keeper = Keeper(
            self._environment(), self._say, log_folder=self._folder, stop_timeout_s=STOP_TIMEOUT_S
        )
        await self.keeper.start(self.simulator)
        workers = self.scanners if scanners_only else self.workers
        await together(self._start_servers(), self._start_processes(workers))

    async def start_other_workers(self) -> None:
        """Start the workers that are not the scanner's, without waiting for them."""
        for component in self.workers[len(self.scanners) :]:
            await self.keeper.start(component)

    async def open_market(self) -> None:
        """Have the listeners connect: a recording starts now.

        Raises:
            UnavailableError: One does not reach the simulator.
        """
        for component in reversed(self.listeners):
            await self.probe.post(component.health_url.replace("/health", "/start"), {})
            await self.keeper.until_ready(component, self.probe)

    async def halt_market(self) -> None:
        """Have the simulator send nothing more."""
        for path in ("fault", "news/fault"):
            await self.probe.post(self.simulator_url(path), {"kind": "stall", "seconds": STALL_S})

    async def load_reference(self) -> None:
        """Load reference data for the simulator's day.

        Raises:
            UnavailableError: It cannot be loaded.
        """
        await self.keeper.run_once(Component("reference load", (*SELF, "reference", "load"), "", bool))

    def save_logs(self, folder: Path) -> None:
        """Copy the processes' logs to a folder, which is made where it is missing.

        Raises:
            OSError: They cannot be written there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for log in sorted(self._folder.glob("*.log")) if self._folder is not None else ():
            shutil.copy(log, folder)

    async def stop(self) -> None:
        """Stop everything and remove what is temporary.

        Raises:
            UnavailableError: A server does not stop.
        """
        try:
            if self._keeper is not None:
                await self._keeper.stop()
            await self.stack.stop()
        finally:
            await self.probe.close()
            if self._folder is not None:
                await asyncio.to_thread(remove_scratch, self._folder)

    async def _start_servers(self) -> None:
        await self.stack.start()
        servers = {"Kafka": self.stack.kafka, "Redis": self.stack.redis}
        self._server_pids = {
            name: pid for name, server in servers.items() if (pid := getattr(server, "pid", None)) is not None
        }
        await create_topics(self._given.model_copy(update={"kafka_bootstrap": self.stack.bootstrap}))
        self._servers_are_up.set()

    async def _start_processes(self, workers: Sequence[Component]) -> None:
        """Start what needs the servers as soon as their addresses are known: it waits for them by itself."""
        while not self.stack.is_addressed:  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(POLL_S)
        self.keeper.environment.update(self.stack.environment())
        served = (self.wds,) if self.scp is None else (self.wds, self.scp)
        for component in (*workers, *served, *self.listeners):
            await self.keeper.start(component)
        await together(
            self._prepare_reference(),
            *(self.keeper.until_ready(each, self.probe) for each in served),
            *(self.keeper.until_ready(each, self.probe, is_ready=_reaches_kafka) for each in self.listeners),
            self._until_workers_share(workers),
        )

    async def _prepare_reference(self) -> None:
        await self.keeper.until_ready(self.simulator, self.probe)
        await self._servers_are_up.wait()
        self._say("loading reference data, starting the workers and the WDS")
        await self.load_reference()

    async def _until_workers_share(self, workers: Sequence[Component]) -> None:
        """Wait until the workers have all partitions among them, and none is about to change hands."""
        for component in workers:
            await self.keeper.until_ready(component, self.probe, READY_TIMEOUT_S)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not await self._workers_share(workers):
            if time.monotonic() > deadline:
                raise UnavailableError(f"the workers have not shared the partitions in {READY_TIMEOUT_S:g} s")
            await asyncio.sleep(POLL_S)

    async def _workers_share(self, workers: Sequence[Component]) -> bool:
        healths = [await self.probe.health(component.health_url) for component in workers]
        # Other apps may read the same topic.
        assigned = sum(assigned_partitions(health, self.settings) for health in healths[: len(self.scanners)])
        return assigned == self.settings.kafka_partitions and all(map(workers[0].is_ready, healths))

    def _environment(self) -> dict[str, str]:
        environment = {
            "massive_api_key": secrets.token_urlsafe(12),
            "massive_feed": f"ws://{HOST}:{self._sim_port}",
            "massive_rest_url": f"http://{HOST}:{self._rest_port}",
            "massive_market": "stocks",
            "massive_subscriptions": CHANNELS,
            "listener_host": HOST,
            "listener_port": str(self._listener_port),
            "finlight_api_key": secrets.token_urlsafe(12),
            "finlight_feed": f"ws://{HOST}:{self._news_port}",
            "finlight_listener_port": str(self._news_listener_port),
            "listener_autostart": "false",
            # A recording may have gaps, and one that is over is silent for good.
            "listener_silence_s": "0",
            "wds_port": str(self.settings.wds_port),
            # Its clients are a page and a spectator: they may leave at once.
            "wds_drain_s": "0",
            # Pages of this machine get a token without a login; names of other machines lead nowhere.
            "wds_jwt_secret": secrets.token_urlsafe(48),
            "scp_host": HOST,
            "scp_port": str(self.settings.scp_port),
            "scp_allowed_hosts": f"localhost,{HOST}",
            "scp_anonymous_role": "trader",
            "data_dir": f"{self._folder}/data",
            "log_level": "WARNING",
        }
        if self.key is not None:
            environment["auth_api_key"] = self.key.get_secret_value()
        if self.options.screeners is not None:
            environment["screeners_file"] = str(self.options.screeners)
        return {**{name.upper(): value for name, value in environment.items()}, **self._given_environment}

    def _simulator(self, market: SimOptions) -> Component:
        given: dict[str, Any] = {name: getattr(market, name) for name in (*MARKET_OPTIONS, "news")}
        ports = {"ws-port": self._sim_port, "rest-port": self._rest_port, "news-port": self._news_port}
        values = {name: value for name, value in {**given, **ports}.items() if value is not None}
        options = (part for name, value in values.items() for part in (f"--{name}", str(value)))
        held = ("--held",) if market.held else ()
        return Component(SIMULATOR, (*SELF, "sim", *options, *held), self.simulator_url("status"), bool)


def _reaches_kafka(health: Health) -> bool:
    return bool(health["kafka"]["connected"])


def _scp_port(options: DemoOptions, settings: Settings) -> int:
    """Return the dashboard's port; whoever has not named one finds its address on the screen."""
    if options.scp_port is not None:
        return options.scp_port or free_port(HOST)
    try:
        _check_port(HOST, settings.scp_port, "the dashboard", "--scp-port")
    except UnavailableError:
        return free_port(HOST)
    return settings.scp_port


def _check_port(host: str, port: int, what: str, option: str) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UnavailableError(
                f"port {port} cannot be used for {what} ({error.strerror}): choose another with {option}"
            ) from None
