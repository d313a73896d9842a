"""The whole platform, from the simulator to WebSocket clients, in processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from streams import feeds, topics
from streams.client import WidgetClient
from streams.local.process import ChildProcess, accepts_connections, free_port
from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator
from streams.topic_admin import create_topics
from tests.integration.widgets import differences
from tests.integration.workers import Workers, environment, eventually, lag
from tests.scanner.brute_force import Json, Market

KEY = "a key of the test"
HOST = "127.0.0.1"
PLAYING_S = 840.0
"""Longest that a recording plays: the test's own limit comes before, except for one at its own pace."""
BOARDS = (feeds.TOP_VOLUME, feeds.TOP_GAPPERS, feeds.TOP_GAINERS)


class Spectator:
    """WebSocket clients of the WDS, one a feed as widgets do, and the newest that each was sent."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._boards: dict[feeds.Feed, list[Json]] = {}
        self._quotes: dict[str, Json] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Spectator:
        subscribed = [asyncio.Event() for _ in range(len(BOARDS) + 1)]
        self._tasks = [
            *(
                asyncio.create_task(self._watch_board(board, event))
                for board, event in zip(BOARDS, subscribed, strict=False)
            ),
            asyncio.create_task(self._watch_quotes(subscribed[-1])),
        ]
        await asyncio.gather(*(event.wait() for event in subscribed))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def market(self) -> Market:
        """Return the newest of everything."""
        return Market(self._quotes, *(self._boards.get(board, []) for board in BOARDS))

    async def _watch_board(self, board: feeds.Feed, subscribed: asyncio.Event) -> None:
        async with WidgetClient(self._url, SecretStr(KEY)) as client:
            await client.subscribe(board.key())
            self._boards[board] = json.loads(await client.get(board.key())) or []
            subscribed.set()
            async for payload in client.payloads():
                self._boards[board] = json.loads(payload)

    async def _watch_quotes(self, subscribed: asyncio.Event) -> None:
        async with WidgetClient(self._url, SecretStr(KEY)) as client:
            await client.subscribe(feeds.QUOTE.key("*"))
            subscribed.set()
            async for payload in client.payloads():
                quote = json.loads(payload)
                self._quotes[quote["symbol"]] = quote


class Pipeline:
    """One installation: own topics, own Redis, a listener, workers, a WDS and a spectator."""

    def __init__(self, bootstrap: str, redis: RedisServer, folder: Path) -> None:
        self.redis = redis
        self.folder = folder
        self._sim_port = free_port()
        self.settings = Settings(
            kafka_bootstrap=bootstrap,
            kafka_topic_prefix=f"p{uuid.uuid4().hex[:8]}.",
            kafka_partitions=4,
            data_dir=folder / "data",
            mdc_redis_url=SecretStr(redis.url(0)),
            wdc_redis_url=SecretStr(redis.url(1)),
            redis_timeout_s=2.0,
            massive_api_key=SecretStr("a key of the vendor"),
            massive_feed=f"ws://{HOST}:{self._sim_port}",
            massive_subscriptions=["T.*", "Q.*", "A.*", "AM.*", "LULD.*"],
            listener_port=free_port(),
            reconnect_first_s=0.2,
            reconnect_longest_s=0.4,
            reconnect_closed_longest_s=0.4,
            wds_host=HOST,
            wds_port=free_port(),
            auth_api_key=SecretStr(KEY),
            worker_session_timeout_s=4.0,
            flush_interval_s=0.5,
            board_interval_s=0.2,
        )
        self.workers = Workers("streams.scanner.app", self.settings, folder)
        self.group = f"{self.settings.kafka_topic_prefix}scanner"
        self.spectator = Spectator(f"ws://{HOST}:{self.settings.wds_port}/ws")
        self._children: list[ChildProcess] = []
        self._received = 0

    @contextlib.asynccontextmanager
    async def running(self, workers: int = 1) -> AsyncIterator[Pipeline]:
        """Start everything but the simulator."""
        await create_topics(self.settings)
        async with self.workers:
            try:
                await asyncio.gather(
                    self._start("listener", self.settings.listener_port),
                    self._start("wds", self.settings.wds_port),
                    *(self.workers.start(str(number)) for number in range(workers)),
                )
                async with self.spectator:
                    yield self
            finally:
                await asyncio.gather(*(child.stop() for child in self._children))

    def vendor(self, recording: Path, **options: object) -> Simulator:
        """Return a vendor that plays a recording to the listener, at full speed unless told otherwise."""
        given = {"input": recording, "speed": 0, "ws_port": self._sim_port, **options}
        return Simulator(SimOptions.model_validate(given))

    async def played(self, simulator: Simulator) -> None:
        """Return once the recording has been played and everything of it is committed by the workers."""

        async def finished() -> bool:
            return simulator.finished.is_set()

        async def in_kafka() -> bool:
            kafka = (await self.listener_health())["kafka"]
            return not kafka["buffered_records"] and (await self._events_received()) >= goal

        async def committed() -> bool:
            return await lag(self.settings, self.group, topics.AGGREGATES) == 0

        await eventually(finished, PLAYING_S)
        assert simulator.error is None
        goal = self._received + simulator.status()["events_sent"]
        await eventually(in_kafka)
        await eventually(committed)
        self._received = await self._events_received()

    async def expect(self, expected: Market, timeout_s: float = 60.0) -> None:
        """Wait until the WebSocket clients have been sent exactly ``expected``."""

        async def agrees() -> bool:
            return self.spectator.market() == expected

        try:
            await eventually(agrees, timeout_s)
        except AssertionError:
            raise AssertionError(differences(self.spectator.market(), expected)) from None

    async def listener_health(self) -> dict[str, Any]:
        """Return what the listener says of itself."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            answer = await client.get(f"http://{HOST}:{self.settings.listener_port}/health")
            health: dict[str, Any] = answer.json()
            return health

    async def _events_received(self) -> int:
        counters = (await self.listener_health())["counters"]
        return sum(counters.get("events", {}).values()) + sum(counters.get("unknown", {}).values())

    async def _start(self, name: str, port: int) -> None:
        child = ChildProcess(
            name,
            [sys.executable, str(Path(__file__).with_name("component.py")), name],
            log_path=self.folder / f"{name}.log",
            environment=environment(self.settings),
        )
        self._children.append(child)
        await child.start(lambda: accepts_connections(HOST, port))
