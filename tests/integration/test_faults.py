"""What can fail fails during a replay: afterwards clients see what they would have seen without it.

One installation of two workers goes through all of it; each test plays the next seconds of one market.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from redis.asyncio import Redis

from streams.local.kafka import KafkaServer
from streams.local.redis import RedisServer
from streams.local.stack import LocalStack
from streams.reference.loader import load_reference
from streams.sim.simulator import Simulator
from tests.integration.pipeline import Pipeline
from tests.integration.recordings import (
    START,
    arrivals_of,
    synthetic_segments,
    write_recording,
    write_reference,
)
from tests.integration.widgets import expect_market
from tests.integration.workers import Worker, eventually
from tests.scanner.brute_force import Arrival, Json, Market, market

pytestmark = pytest.mark.timeout(300)
SECONDS = 8
SEGMENTS = 6


class Installation:
    """The pipeline, and a market that goes on from test to test."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._segments = synthetic_segments([SECONDS] * SEGMENTS)
        self._next = 0
        self._arrivals: list[Arrival] = []
        self._reference = pipeline.folder / "reference.ndjson"
        everything = [arrival for segment in self._segments for arrival in arrivals_of(segment)]
        self._references: list[Json] = write_reference(
            self._reference, everything, START, START - timedelta(days=1)
        )

    async def begin(self) -> None:
        """Play the first seconds undisturbed, and load reference data."""
        simulator = self.vendor(speed=0)
        async with simulator:
            await self.pipeline.played(simulator)
            settings = self.pipeline.settings.model_copy(update={"massive_rest_url": simulator.rest_url})
            await load_reference(settings)
        await self.pipeline.expect(self.expected())

    def vendor(self, speed: float = 2) -> Simulator:
        """Return a vendor that plays the next seconds of the market, in half their time."""
        segment = self._segments[self._next]
        path = write_recording(self.pipeline.folder / f"segment-{self._next}.ndjson", segment)
        self._next += 1
        self._arrivals += arrivals_of(segment)
        return self.pipeline.vendor(path, speed=speed, reference=self._reference)

    def expected(self) -> Market:
        """Return what clients must see once all that was played has arrived."""
        return market(self._arrivals, self._references)


@pytest.fixture(scope="module")
async def own_redis() -> AsyncIterator[RedisServer]:
    async with RedisServer() as redis:
        yield redis


@pytest.fixture(scope="module")
async def installation(
    kafka_bootstrap: str, own_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    pipeline = Pipeline(kafka_bootstrap, own_redis, tmp_path_factory.mktemp("faults"))
    async with pipeline.running(workers=2):
        installation = Installation(pipeline)
        await installation.begin()
        yield installation


async def make_fault(simulator: Simulator, fault: Json) -> None:
    """Have the vendor make a fault, on its own interface for that."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        (await client.post(f"{simulator.rest_url}/sim/fault", json=fault)).raise_for_status()


async def half_played(simulator: Simulator) -> None:
    """Return when a replay is well under way."""

    async def is_half() -> bool:
        return bool(simulator.status()["frames_sent"] > 30)

    await eventually(is_half)


async def test_a_vendor_that_drops_every_two_seconds(installation: Installation) -> None:
    async with installation.vendor(speed=1) as simulator:
        await make_fault(simulator, {"kind": "drop_every", "every": 2, "seconds": 60})
        await installation.pipeline.played(simulator)
        assert simulator.status()["sessions"]["dropped"] >= 2
    await installation.pipeline.expect(installation.expected())


async def test_a_broker_that_dies_and_comes_back(installation: Installation, stack: LocalStack) -> None:
    assert isinstance(stack.kafka, KafkaServer)
    async with installation.vendor() as simulator:
        await half_played(simulator)
        await stack.kafka.kill()
        await stack.kafka.restart()
        await installation.pipeline.played(simulator)
    await installation.pipeline.expect(installation.expected())
    health = await installation.pipeline.listener_health()
    assert health["counters"].get("dropped", {}) == {}
    for log in installation.pipeline.folder.glob("*.log"):
        assert log.read_text().count("Unable connect to node") <= 2, f"{log.name} repeats itself"


async def test_a_redis_that_dies_and_comes_back_empty(
    installation: Installation, own_redis: RedisServer
) -> None:
    async with installation.vendor() as simulator:
        await half_played(simulator)
        await own_redis.kill()
        await asyncio.sleep(1)
        await own_redis.restart()
        await installation.pipeline.played(simulator)
    async with Redis.from_url(own_redis.url(1)) as redis:
        await expect_market(redis, installation.expected())
    await installation.pipeline.expect(installation.expected())


async def test_a_worker_that_dies_and_one_that_joins(installation: Installation) -> None:
    workers = installation.pipeline.workers
    victim: Worker = workers.running()[0]
    async with installation.vendor(speed=1) as simulator:
        await half_played(simulator)
        await victim.kill()
        await workers.start("new")
        await installation.pipeline.played(simulator)
    await installation.pipeline.expect(installation.expected())
