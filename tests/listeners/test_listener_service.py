from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from websockets.asyncio.server import ServerConnection

from streams.errors import UnavailableError
from streams.listeners.control import bind, make_app, serve
from streams.listeners.service import MassiveListener, run
from streams.sessions import Session
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import AGGREGATES, TRADES, UNKNOWN, Topic

if TYPE_CHECKING:
    from tests.listeners.conftest import Until, Vendor


@pytest.fixture
def listener_settings(settings: Settings, kafka_bootstrap: str) -> Settings:
    return settings.model_copy(
        update={"kafka_bootstrap": kafka_bootstrap, "kafka_topic_prefix": f"l{uuid.uuid4().hex[:8]}."}
    )


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[tuple[MassiveListener, httpx.AsyncClient]]:
    """Run a listener and its control API; give both."""
    listening = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with (
        MassiveListener(settings, lambda: Session.REGULAR) as listener,
        serve(make_app(listener), listening),
        httpx.AsyncClient(base_url=url, timeout=10) as client,
    ):
        yield listener, client


async def values(settings: Settings, topic: Topic) -> list[bytes]:
    partitions = [TopicPartition(settings.topic(topic), n) for n in range(settings.kafka_partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        left = sum((await consumer.end_offsets(partitions)).values())
        found: list[bytes] = []
        while len(found) < left:
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                found += [record.value for record in records]
        return found
    finally:
        await consumer.stop()


def trade(number: int) -> dict[str, object]:
    return {"ev": "T", "sym": f"S{number % 50}", "p": 1.5, "s": 100, "t": 1_700_000_000_000, "q": number}


async def test_bad_frames_are_kept_and_counted_and_cost_no_other_event(
    vendor: Vendor, listener_settings: Settings, until: Until
) -> None:
    await create_topics(listener_settings)
    bad_frames = [b'[{"ev":"T","sym":"A"},{"ev":', b"nonsense", b'{"ev":"T","sym":"A"}']
    bad_items = [
        b'{"ev":"T","sym":"A","p":NaN}',
        b'{"ev":"T","sym":7}',
        b'{"ev":"NEW","sym":"A"}',
        b'{"ev":"T"}',
    ]
    negative = b'{"ev":"T","sym":"NEG","p":-1.0,"s":-5,"t":1700000000000}'
    large = json.dumps([{**trade(-1), "note": "x" * 900} for _ in range(5_500)]).encode()
    assert len(large) > 5_000_000

    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        for number, bad in enumerate([*bad_frames, *bad_items]):
            good = json.dumps([trade(2 * number)]).encode()
            await connection.send(good, text=True)
            other = json.dumps(trade(2 * number + 1)).encode()
            await connection.send(b"[" + bad + b"," + other + b"]" if bad in bad_items else bad, text=True)
        await connection.send("[]")
        await connection.send(b"[" + negative + b"]", text=True)
        await connection.send(large, text=True)
        await vendor.stay(connection)

    vendor.script = script
    async with api(listener_settings) as (listener, _):
        await until(lambda: listener.counters.get("events", "T") == 7 + 4 + 1 + 5_500)
        await until(lambda: listener.counters.total("events_acknowledged") >= 7 + 4 + 1 + 5_500 + 7)
        assert listener.counters.by_reason("unknown") == {
            "not_an_array": 3,
            "bad_event": 2,
            "unknown_type": 1,
            "no_symbol": 1,
        }
        assert listener.counters.get("empty_frames") == 1
        assert listener.counters.total("dropped") == 0
    assert sorted(await values(listener_settings, UNKNOWN)) == sorted([*bad_frames, *bad_items])
    records = await values(listener_settings, TRADES)
    assert max(map(len, records)) <= listener_settings.record_max_bytes
    numbers = Counter(event.get("q") for record in records for event in json.loads(record))
    once = [*range(0, 14, 2), *range(7, 14, 2), None]
    assert numbers == Counter([*once, *[-1] * 5_500])


async def test_what_was_sent_before_each_drop_arrives_once(
    vendor: Vendor, listener_settings: Settings, until: Until
) -> None:
    await create_topics(listener_settings)
    sent = 0

    async def script(connection: ServerConnection) -> None:
        nonlocal sent
        await connection.recv()
        for _ in range(20):
            await connection.send(json.dumps([trade(sent + n) for n in range(10)]))
            sent += 10
        # A pong comes after all that was sent before its ping has been read.
        await (await connection.ping())
        connection.transport.abort()

    vendor.script = script
    async with api(listener_settings) as (listener, _):
        await until(lambda: vendor.connections >= 10)
        await listener.stop()
    records = await values(listener_settings, TRADES)
    numbers = [event["q"] for record in records for event in json.loads(record)]
    assert len(numbers) == len(set(numbers))
    # The newest connections may still have been busy; each one before them has lost nothing.
    assert set(range(1_600)) <= set(numbers)


async def test_aggregates_of_a_second_and_of_a_minute_do_not_share_a_record(
    vendor: Vendor, listener_settings: Settings, until: Until
) -> None:
    await create_topics(listener_settings)

    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('[{"ev":"A","sym":"A"},{"ev":"AM","sym":"A"},{"ev":"A","sym":"A"}]')
        await vendor.stay(connection)

    vendor.script = script
    async with api(listener_settings) as (listener, _):
        await until(lambda: listener.counters.total("events_acknowledged") == 3)
    assert sorted(await values(listener_settings, AGGREGATES)) == [
        b'[{"ev":"A","sym":"A"},{"ev":"A","sym":"A"}]',
        b'[{"ev":"AM","sym":"A"}]',
    ]


async def test_health_tells_the_truth_as_the_connection_comes_and_goes(
    vendor: Vendor, listener_settings: Settings, until: Until
) -> None:
    await create_topics(listener_settings)
    async with api(listener_settings) as (listener, client):
        await until(lambda: listener.health()["healthy"])
        answer = await client.get("/health")
        truth = answer.json()
        assert answer.status_code == 200
        assert (truth["state"], truth["kafka"]["connected"]) == ("connected", True)
        assert truth["subscriptions"] == ["T.*", "Q.*"]
        assert (await client.post("/stop")).json() == {"changed": True, "state": "stopped"}
        assert (await client.post("/stop")).json() == {"changed": False, "state": "stopped"}
        assert (await client.get("/health")).status_code == 503
        assert (await client.post("/start")).json()["changed"] is True
        await until(lambda: listener.health()["healthy"])
        assert (await client.get("/health")).json()["reconnects"] == 1


async def test_no_reply_shows_the_key(vendor: Vendor, listener_settings: Settings, until: Until) -> None:
    async with api(listener_settings) as (listener, client):
        await until(lambda: listener.health()["state"] == "connected")
        for path in ("/", "/health"):
            assert listener_settings.vendor_key().get_secret_value() not in (await client.get(path)).text


async def test_without_kafka_it_stays_up_and_says_so(
    vendor: Vendor, listener_settings: Settings, until: Until, unused_port: int
) -> None:
    settings = listener_settings.model_copy(update={"kafka_bootstrap": f"127.0.0.1:{unused_port}"})
    async with api(settings) as (listener, client):
        await until(lambda: listener.health()["state"] == "connected")
        await until(lambda: listener.health()["kafka"]["last_error"])
        answer = await client.get("/health")
        assert answer.status_code == 503
        assert answer.json()["kafka"]["connected"] is False


async def test_subscriptions_feed_and_market_change_through_the_api(
    vendor: Vendor, listener_settings: Settings, until: Until
) -> None:
    async with api(listener_settings) as (listener, client):
        await until(lambda: len(vendor.subscriptions) == 2)
        await client.post("/subscriptions", json={"subscriptions": ["A.*", "A.*"]})
        await until(lambda: vendor.subscriptions == ["A.*"])
        before = vendor.connections
        assert (await client.post("/feed", json={"feed": vendor.feed})).status_code == 200
        await until(lambda: vendor.connections == before + 1)
        assert (await client.post("/market", json={"market": "crypto"})).status_code == 200
        await until(lambda: vendor.connections == before + 2)
        assert listener.health()["market"] == "crypto"
        assert (await client.post("/restart")).json()["changed"] is True
        await until(lambda: vendor.connections == before + 3)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/feed", {"feed": "bad host"}),
        ("/feed", {}),
        ("/market", {"market": "stamps"}),
        ("/market", []),
        ("/subscriptions", {"subscriptions": []}),
        ("/subscriptions", {"subscriptions": ["T"]}),
        ("/subscriptions", {"subscriptions": "T.*"}),
    ],
)
async def test_a_bad_body_is_answered_with_one_line_and_changes_nothing(
    listener_settings: Settings, path: str, body: object
) -> None:
    settings = listener_settings.model_copy(update={"listener_autostart": False})
    async with api(settings) as (listener, client):
        before = listener.health()["feed"], listener.health()["market"], listener.health()["subscriptions"]
        answer = await client.post(path, json=body)
        assert answer.status_code == 422
        assert set(answer.json()) == {"error"}
        assert "\n" not in answer.json()["error"]
        truth = listener.health()
        assert (truth["feed"], truth["market"], truth["subscriptions"]) == before


async def test_rates_by_type_are_shown(vendor: Vendor, listener_settings: Settings, until: Until) -> None:
    async def script(connection: ServerConnection) -> None:
        while True:
            await connection.send('[{"ev":"T","sym":"A"},{"ev":"Q","sym":"A"}]')
            await asyncio.sleep(0.01)

    vendor.script = script
    async with api(listener_settings) as (listener, _):
        await until(lambda: listener.health()["events_per_s"].get("Q", 0) > 0)


async def test_a_taken_port_is_one_clear_error(listener_settings: Settings) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        settings = listener_settings.model_copy(update={"listener_port": port})
        with pytest.raises(UnavailableError, match=f"cannot listen on 127.0.0.1:{port}"):
            await run(settings, asyncio.Event())


async def test_run_ends_when_it_is_told_to(vendor: Vendor, listener_settings: Settings, until: Until) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(run(listener_settings.model_copy(update={"listener_port": 0}), stop))
    await until(lambda: vendor.connections == 1)
    stop.set()
    await asyncio.wait_for(running, 10)
    await until(lambda: vendor.open == 0)
