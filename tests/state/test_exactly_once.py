"""Every event is counted once, whatever happens to workers and broker. On the real broker, under load."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from streams.local.kafka import KafkaServer
from streams.local.stack import LocalStack

if TYPE_CHECKING:
    from tests.state.conftest import Counting, Load

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("data", ["same", "empty"])
async def test_a_worker_killed_in_mid_stream_counts_on_exactly(
    counting: Counting, load: Load, data: str
) -> None:
    worker = await counting.workers.start("same")
    for _ in range(2):
        await load.send_for(3)
        await worker.kill()
        worker = await counting.workers.start(data)
    await load.send_for(2)
    await counting.check(load)


async def test_a_worker_that_fails_in_the_middle_of_a_batch_ends_and_loses_nothing(
    counting: Counting, load: Load
) -> None:
    worker = await counting.workers.start("same")
    await load.send_for(2)
    (counting.workers.folder / "fail").touch()
    await load.send_for(3)
    assert await asyncio.wait_for(worker.ended(), 60) != 0
    await counting.workers.start("same")
    await load.send_for(1)
    await counting.check(load)


async def test_workers_join_and_leave_and_die_under_load(counting: Counting, load: Load) -> None:
    first = await counting.workers.start("1")
    await load.send_for(2)
    second = await counting.workers.start("2")
    third = counting.workers.make("3")
    await third.launch()
    await load.send_for(6)
    await first.stop()
    assert first.exit_code == 0
    await load.send_for(3)
    await second.kill()
    await load.send_for(3)
    await counting.workers.start("1")
    await counting.check(load)


async def test_a_worker_that_slept_longer_than_its_session_spoils_nothing(
    counting: Counting, load: Load
) -> None:
    sleeper = await counting.workers.start("sleeper")
    await counting.workers.start("other")
    topic = f"{counting.settings.kafka_topic_prefix}aggregates"
    for _ in range(2):
        await load.send_for(3)
        assert await sleeper.partitions(topic)
        sleeper.signal(signal.SIGSTOP)
        await load.send_for(counting.settings.worker_session_timeout_s + 4)
        sleeper.signal(signal.SIGCONT)
        await asyncio.sleep(3)
    await counting.check(load)


async def test_a_broker_that_dies_and_comes_back_loses_and_doubles_nothing(
    counting: Counting, load: Load, stack: LocalStack
) -> None:
    assert isinstance(stack.kafka, KafkaServer)
    workers = [await counting.workers.start(data) for data in "12"]
    await load.send_for(3)
    await stack.kafka.kill()
    await stack.kafka.restart()
    await load.send_for(4)
    await counting.check(load)
    assert all(worker.running for worker in workers)
