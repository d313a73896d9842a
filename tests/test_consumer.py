"""The workers' Kafka consumer: deliveries, and how long a fetch may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import faust
import pytest
from yarl import URL

from streams.consumer import MAX_WAIT_S, Consumer, Transport


@pytest.fixture
async def transport() -> Transport:
    app = faust.App("test", broker="kafka://127.0.0.1:1", loop=asyncio.get_running_loop())
    return Transport([URL("kafka://127.0.0.1:1")], app, loop=app.loop)


@pytest.fixture
async def consumer(transport: Transport) -> AsyncIterator[Consumer]:
    async def ignore(_: object) -> None:
        pass

    made = Consumer(transport, callback=ignore, on_partitions_revoked=ignore, on_partitions_assigned=ignore)
    yield made
    made._thread.thread_loop.close()  # noqa: SLF001  its thread has not been started


async def test_a_delivery_that_does_not_wait_is_done_at_once(consumer: Consumer) -> None:
    tasks = len(asyncio.all_tasks())

    async def deliver() -> str:
        assert len(asyncio.all_tasks()) == tasks
        return "delivered"

    results = await consumer.wait_first(deliver(), asyncio.Event().wait())

    assert results.results == ["delivered"]
    assert not results.stopped


async def test_a_delivery_that_waits_is_waited_for(consumer: Consumer) -> None:
    room = asyncio.Event()

    async def deliver() -> str:
        await asyncio.sleep(0)
        await room.wait()
        await asyncio.sleep(0.01)
        return "delivered"

    asyncio.get_running_loop().call_later(0.01, room.set)
    results = await asyncio.wait_for(consumer.wait_first(deliver(), asyncio.Event().wait()), 10)

    assert results.results == ["delivered"]


async def test_a_delivery_that_waits_is_given_up_when_the_flow_ends(consumer: Consumer) -> None:
    ended, given_up = asyncio.Event(), asyncio.Event()

    async def deliver() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.set()
            raise

    asyncio.get_running_loop().call_later(0.01, ended.set)
    results = await asyncio.wait_for(consumer.wait_first(deliver(), ended.wait()), 10)

    assert results.results == [True]
    await asyncio.wait_for(given_up.wait(), 10)


@pytest.mark.parametrize("waits", [False, True])
async def test_what_a_delivery_raises_is_raised(consumer: Consumer, waits: bool) -> None:
    async def deliver() -> None:
        if waits:
            await asyncio.sleep(0)
        raise ValueError("no room")

    with pytest.raises(ValueError, match="no room"):
        await asyncio.wait_for(consumer.wait_first(deliver(), asyncio.Event().wait()), 10)


async def test_the_broker_holds_an_empty_fetch_only_shortly(consumer: Consumer, transport: Transport) -> None:
    client = consumer._thread._create_worker_consumer(transport)  # noqa: SLF001  nothing public shows it

    assert client._fetch_max_wait_ms == MAX_WAIT_S * 1000  # noqa: SLF001
    await client.stop()
