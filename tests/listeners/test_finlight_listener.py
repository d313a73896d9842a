"""The Finlight listener against the simulated newswire: connection, records, control."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aiokafka import TopicPartition
from pydantic import SecretStr

from streams.errors import BadInputError
from streams.listeners.control import make_app
from streams.listeners.finlight import FinlightConnection
from streams.listeners.finlight_service import FinlightListener
from streams.listeners.supervisor import State, Supervisor
from streams.records import partition_of
from streams.sessions import Session
from streams.settings import Settings
from streams.sim.articles import ArticleWriter, SimArticle
from streams.sim.faults import FaultKind, FaultRequest
from streams.sim.newswire import Newswire
from streams.sim.symbols import make_listings
from streams.telemetry import Counters
from streams.topic_admin import create_topics
from streams.topics import NEWS, UNKNOWN
from tests.integration.workers import eventually, partitions_of, read_all
from tests.metrics.scrape import parse, total

if TYPE_CHECKING:
    from tests.listeners.conftest import Until

KEY = "a-news-key-that-must-not-leak"


def _newswire(articles: Iterable[SimArticle] | None = None, **options: object) -> Newswire:
    if articles is None:
        articles = ArticleWriter(make_listings(300, 7), seed=7, start_ms=0, per_minute=30_000)
    given: dict[str, Any] = {"speed": 1.0, **options}
    return Newswire("127.0.0.1", 0, SecretStr(KEY), articles, **given)


def _settings(newswire: Newswire, **changes: object) -> Settings:
    given: dict[str, Any] = {
        "finlight_api_key": SecretStr(KEY),
        "finlight_feed": newswire.url,
        "reconnect_first_s": 0.01,
        "reconnect_longest_s": 0.05,
        "reconnect_closed_longest_s": 0.2,
        "kafka_timeout_s": 5,
        "kafka_partitions": 4,
        **changes,
    }
    return Settings(**given)


class Rig:
    """A supervised connection whose articles are collected."""

    def __init__(self, settings: Settings) -> None:
        self.articles: list[dict[str, Any]] = []
        self.unknown: list[tuple[str, bytes]] = []
        self.counters = Counters()
        self.connection = FinlightConnection(
            settings, self.take, lambda *each: self.unknown.append(each), self.counters
        )
        self.supervisor = Supervisor(self.connection.connect, settings, lambda: True, self.counters)

    async def take(self, article: bytes) -> None:
        self.articles.append(json.loads(article))

    @property
    def state(self) -> State:
        return self.supervisor.status().state

    async def __aenter__(self) -> Rig:
        await self.supervisor.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.stop()


@pytest.fixture
async def newswire() -> AsyncIterator[Newswire]:
    async with _newswire() as newswire:
        yield newswire


async def test_enhanced_articles_come_with_companies_and_updates(newswire: Newswire, until: Until) -> None:
    async with Rig(_settings(newswire)) as rig:
        await until(lambda: any(article.get("isUpdate") for article in rig.articles))
        assert any(article["companies"] for article in rig.articles)
        assert rig.state is State.CONNECTED


async def test_raw_articles_come_without_companies(newswire: Newswire, until: Until) -> None:
    async with Rig(_settings(newswire, finlight_raw=True)) as rig:
        await until(lambda: len(rig.articles) > 50)
        assert not any("companies" in article for article in rig.articles)


async def test_an_update_of_the_article_just_seen_is_not_swallowed(until: Until) -> None:
    versions = [SimArticle(0, {"link": "l", "title": str(number), "isUpdate": True}) for number in range(5)]
    async with (
        _newswire(versions, is_recorded=True) as newswire,
        Rig(_settings(newswire, finlight_language="")) as rig,
    ):
        await until(lambda: [article["title"] for article in rig.articles] == list("01234"))


async def test_an_article_that_the_vendors_model_refuses_comes_all_the_same(until: Until) -> None:
    odd = {"link": "l", "title": "t", "publishDate": None, "novel": [1, {"x": "ä🚀"}]}
    async with (
        _newswire([SimArticle(0, odd)], is_recorded=True) as newswire,
        Rig(_settings(newswire, finlight_language="")) as rig,
    ):
        await until(lambda: rig.articles == [odd])


async def test_an_article_longer_than_a_mebibyte_comes(until: Until) -> None:
    long = {"link": "l", "title": "t", "summary": "x" * 2_000_000}
    async with (
        _newswire([SimArticle(0, long)], is_recorded=True) as newswire,
        Rig(_settings(newswire, finlight_language="")) as rig,
    ):
        await until(lambda: rig.articles == [long])


@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.ABORT, FaultKind.CLOSE, FaultKind.SLOW_CONSUMER])
async def test_it_connects_again_after_each_fault(newswire: Newswire, until: Until, kind: FaultKind) -> None:
    async with Rig(_settings(newswire)) as rig:
        for times in range(1, 4):
            await until(lambda: bool(rig.articles) and rig.state is State.CONNECTED)
            await newswire.faults.make(FaultRequest(kind=kind))
            rig.articles.clear()
            await until(lambda times=times: rig.supervisor.status().reconnects >= times)
        await until(lambda: bool(rig.articles))
        assert rig.supervisor.status().last_error


class _KeptSeats(dict[str, Any]):
    """Seats of a vendor that does not notice when a connection is gone."""

    def __delitem__(self, key: str) -> None:
        return


async def test_a_connection_that_the_vendor_still_believes_in_is_taken_over(until: Until) -> None:
    async with _newswire() as newswire, Rig(_settings(newswire)) as rig:
        await until(lambda: bool(rig.articles))
        newswire._seats = _KeptSeats(newswire._seats)
        await rig.supervisor.restart()
        rig.articles.clear()
        await until(lambda: bool(rig.articles))


async def test_whoever_is_preempted_stays_away(newswire: Newswire, until: Until) -> None:
    async with Rig(_settings(newswire)) as first:
        await until(lambda: bool(first.articles))
        await newswire.hub.inject(b'{"action":"preempted","reason":"takeover"}', text=True)
        await until(lambda: first.state is State.BACKING_OFF)
        assert (first.supervisor.status().retry_in_s or 0) > 30
        assert "preempted" in str(first.supervisor.status().last_error)


async def test_too_many_connections_are_waited_out(newswire: Newswire, until: Until) -> None:
    await newswire.faults.make(FaultRequest(kind=FaultKind.MAX_CONNECTIONS))
    async with Rig(_settings(newswire)) as rig:
        await until(lambda: (rig.supervisor.status().retry_in_s or 0) > 30)


async def test_a_wrong_key_is_a_state_of_its_own_and_never_shown(
    newswire: Newswire, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "streams")
    async with Rig(_settings(newswire, finlight_api_key=SecretStr("wrong-and-secret"))) as rig:
        await until(lambda: rig.state is State.AUTH_FAILED)
        await until(lambda: newswire.hub.counters.get("sessions", "auth_failed") >= 2)
    assert "wrong-and-secret" not in f"{rig.supervisor.status()} {caplog.text}"


async def test_without_a_key_it_says_what_to_set(newswire: Newswire, until: Until) -> None:
    async with Rig(_settings(newswire, finlight_api_key=None)) as rig:
        await until(lambda: rig.state is State.AUTH_FAILED)
        assert "FINLIGHT_API_KEY" in str(rig.supervisor.status().last_error)


async def test_a_vendor_that_is_not_there_is_tried_again(
    newswire: Newswire, until: Until, unused_port: int
) -> None:
    async with Rig(_settings(newswire, finlight_feed=f"ws://127.0.0.1:{unused_port}")) as rig:
        await until(lambda: rig.counters.total("disconnects") >= 3)
        assert "cannot connect" in str(rig.supervisor.status().last_error)


async def test_garbage_is_kept_and_the_connection_stays(newswire: Newswire, until: Until) -> None:
    garbage = [b"not json", b"[]", b'{"action":"novel"}', b'{"no":"action"}']
    async with Rig(_settings(newswire)) as rig:
        await until(lambda: bool(rig.articles))
        for each in garbage:
            await newswire.hub.inject(each, text=True)
        await until(lambda: len(rig.unknown) == len(garbage))
        assert [item for _, item in rig.unknown] == garbage
        assert rig.supervisor.status().reconnects == 0


@pytest.mark.parametrize("feed", ["", "wss.finlight.me", "http://x", "ws://x/raw", "ws://x y"])
def test_a_feed_that_is_none_is_refused(feed: str) -> None:
    with pytest.raises(BadInputError, match="is not like wss://HOST"):
        FinlightListener(Settings(finlight_feed=feed), lambda: Session.REGULAR)


@asynccontextmanager
async def _listening(
    newswire: Newswire, bootstrap: str, **changes: object
) -> AsyncIterator[FinlightListener]:
    prefix = f"n{uuid.uuid4().hex[:8]}."
    settings = _settings(newswire, kafka_bootstrap=bootstrap, kafka_topic_prefix=prefix, **changes)
    await create_topics(settings)
    async with FinlightListener(settings, lambda: Session.REGULAR) as listener:
        yield listener


def _acknowledged(listener: FinlightListener, count: int) -> Callable[[], Any]:
    async def enough() -> bool:
        return listener.counters.total("events_acknowledged") >= count

    return enough


async def test_articles_lie_on_kafka_as_they_came_under_their_links(kafka_bootstrap: str) -> None:
    sent = [
        {"link": f"https://x/{number}", "title": "ä <b>🚀</b>", "language": "en", "n": number}
        for number in range(40)
    ]
    bad: list[dict[str, Any]] = [{"title": "no link"}, {"link": "no title"}, {"link": " ", "title": "t"}]
    articles = [SimArticle(0, {"language": "en", **fields}) for fields in (*sent, *bad)]
    async with (
        _newswire(articles, is_recorded=True) as newswire,
        _listening(newswire, kafka_bootstrap) as listener,
    ):
        await eventually(_acknowledged(listener, len(articles)))
        settings = listener._settings
        records = await read_all(settings, partitions_of(settings, NEWS))
        assert sorted((json.loads(record.value) for record in records), key=lambda each: each["n"]) == sent
        for record in records:
            link = json.loads(record.value)["link"]
            assert record.key == link.encode()
            assert record.partition == partition_of(link, 4)
            assert dict(record.headers)["source"] == b"finlight"
        unknown = await read_all(settings, partitions_of(settings, UNKNOWN))
        assert len(unknown) == len(bad)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(make_app(listener))) as client:
            figures = parse((await client.get("http://listener/metrics")).text)
        assert total(figures, "streams_listener_articles_total", component="finlight-listener") == len(sent)
        assert total(figures, "streams_listener_unusable_total", reason="bad_article") == len(bad)
        assert total(figures, "streams_listener_connected") == 1
        assert listener.health()["healthy"]


async def test_stream_and_tickers_change_on_demand(newswire: Newswire, kafka_bootstrap: str) -> None:
    async with _listening(newswire, kafka_bootstrap) as listener:
        await eventually(_acknowledged(listener, 5))
        await listener.subscribe(["NVDA"])
        assert listener.health()["subscriptions"] == ["NVDA"]
        with pytest.raises(BadInputError, match="raw stream cannot"):
            await listener.retarget(market="raw")
        await listener.subscribe(["*"])
        await listener.retarget(market="raw")
        before = listener.counters.total("events_acknowledged")
        await eventually(_acknowledged(listener, before + 5))
        assert listener.health()["market"] == "raw"
        with pytest.raises(BadInputError, match="none of raw, enhanced"):
            await listener.retarget(market="stocks")


async def test_nothing_is_lost_between_connections_of_a_recording(kafka_bootstrap: str) -> None:
    articles = [
        SimArticle(0, {"link": f"l{number}", "title": "t", "language": "en"}) for number in range(3_000)
    ]
    async with (
        _newswire(articles, speed=0.0, is_recorded=True) as newswire,
        _listening(newswire, kafka_bootstrap) as listener,
    ):
        for least in (300, 900, 1_800):
            await eventually(lambda least=least: _received(listener, least))
            await newswire.faults.make(FaultRequest(kind=FaultKind.DROP))
        await eventually(_acknowledged(listener, 3_000))
        settings = listener._settings
        topics = [TopicPartition(settings.topic(NEWS), number) for number in range(4)]
        links = {record.key.decode() for record in await read_all(settings, topics)}
        assert links == {article.fields["link"] for article in articles}


async def _received(listener: FinlightListener, least: int) -> bool:
    return listener.counters.get("articles") >= least
