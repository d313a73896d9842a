"""Three brokers, and one of them dies under load: with two in sync nothing acknowledged is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from streams.local.cluster import KafkaCluster
from streams.settings import Settings
from streams.topic_admin import check_topics, list_topics
from tests.state.conftest import PARTITIONS, Counting, Load

pytestmark = pytest.mark.timeout(300)


@pytest_asyncio.fixture(scope="module")
async def cluster() -> AsyncIterator[KafkaCluster]:
    async with KafkaCluster(3) as started:
        yield started


async def test_a_broker_of_three_that_dies_for_good_loses_and_doubles_nothing(
    cluster: KafkaCluster, tmp_path: Path
) -> None:
    settings = Settings(
        kafka_bootstrap=cluster.bootstrap,
        kafka_partitions=PARTITIONS,
        kafka_replication=3,
        worker_session_timeout_s=4.0,
        flush_interval_s=0.5,
    )
    counting = Counting(settings, tmp_path)
    async with counting.workers, Load(settings) as load:
        workers = [await counting.workers.start(data) for data in "12"]
        assert await check_topics(settings) == []
        states = await list_topics(settings)
        assert {state.replication for state in states} == {3}
        assert {state.config["min.insync.replicas"] for state in states} == {"2"}
        await load.send_for(2)
        # The first is bootstrapped from, and leads a third of the partitions.
        await cluster.brokers[0].kill()
        await load.send_for(6)
        await counting.check(load)
        assert all(worker.running for worker in workers)
