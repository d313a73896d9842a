"""The vendor's own clients, unchanged, against the simulated newswire."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from finlight_client import ApiConfig, RawWebSocketClient, WebSocketClient
from finlight_client.models import GetArticlesWebSocketParams, GetRawArticlesWebSocketParams
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streams.errors import BadInputError
from streams.sim.articles import MANY_TICKERS, ArticleWriter
from streams.sim.news_recording import recorded_articles
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator
from streams.sim.symbols import make_listings

from .conftest import eventually, post

Options = Callable[..., SimOptions]


class Reader:
    """One of the vendor's clients, and the articles it got."""

    def __init__(
        self, simulator: Simulator, *, raw: bool = False, key: str = "key", **client: object
    ) -> None:
        config = ApiConfig(api_key=key, wss_url=simulator.news_url)
        self.articles: list[Any] = []
        self.closes: list[tuple[int, str]] = []
        kind = RawWebSocketClient if raw else WebSocketClient
        self.client = kind(
            config, base_reconnect_delay=0.05, on_close=lambda *end: self.closes.append(end), **client
        )

    async def run(self, **wanted: object) -> None:
        is_raw = isinstance(self.client, RawWebSocketClient)
        params = GetRawArticlesWebSocketParams if is_raw else GetArticlesWebSocketParams
        await self.client.connect(params(**wanted), self.articles.append)


@asynccontextmanager
async def reading(
    simulator: Simulator, wanted: dict[str, Any] | None = None, **how: object
) -> AsyncIterator[Reader]:
    reader = Reader(simulator, **how)  # type: ignore[arg-type]
    task = asyncio.create_task(reader.run(**(wanted or {})))
    try:
        yield reader
    finally:
        reader.client.stop()
        await simulator.newswire.hub.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def options(options: Options) -> Options:
    return lambda **changes: options(**{"rate": 0, "news_rate": 30_000, **changes})


async def test_the_enhanced_client_gets_articles_with_their_companies(options: Options) -> None:
    async with Simulator(options()) as simulator, reading(simulator, {"includeEntities": True}) as reader:
        await eventually(lambda: len(reader.articles) > 50)
        assert any(article.companies for article in reader.articles)
        assert all(article.title and article.link for article in reader.articles)
        assert reader.client.lease_id


async def test_the_raw_client_gets_articles_without_companies(options: Options) -> None:
    async with Simulator(options()) as simulator, reading(simulator, raw=True) as reader:
        await eventually(lambda: len(reader.articles) > 50)
        assert any("NASDAQ: " in article.title for article in reader.articles)
        assert not any(hasattr(article, "companies") for article in reader.articles)


async def test_only_articles_that_were_asked_for_come(options: Options) -> None:
    wanted = {"tickers": ["NVDA"], "includeEntities": True}
    async with Simulator(options(symbols=5)) as simulator, reading(simulator, wanted) as reader:
        await eventually(lambda: len(reader.articles) > 5)
        assert all("NVDA" in {each.ticker for each in article.companies} for article in reader.articles)


async def test_corrections_come_when_updates_are_asked_for(options: Options) -> None:
    async with (
        Simulator(options()) as simulator,
        reading(simulator, {"includeUpdates": True}, raw=True) as reader,
    ):
        await eventually(lambda: any(article.isUpdate for article in reader.articles))


async def test_pings_are_answered(options: Options) -> None:
    async with Simulator(options()) as simulator, reading(simulator, ping_interval=0.05) as reader:
        await eventually(lambda: bool(reader.articles))
        before = reader.client.last_pong_time
        await eventually(lambda: reader.client.last_pong_time > before)


async def test_a_wrong_key_is_refused_in_the_handshake(options: Options) -> None:
    async with Simulator(options(news_api_key=SecretStr("right"))) as simulator:
        with pytest.raises(InvalidStatus) as refused:
            await connect(simulator.news_url, additional_headers={"x-api-key": "wrong"}, proxy=None)
        assert refused.value.response.status_code == 401


async def test_a_second_connection_of_a_key_is_one_too_many(options: Options) -> None:
    async with Simulator(options()) as simulator, reading(simulator) as reader:
        await eventually(lambda: bool(reader.articles))
        with pytest.raises(InvalidStatus) as refused:
            await connect(simulator.news_url, additional_headers={"x-api-key": "key"}, proxy=None)
        assert refused.value.response.status_code == 429


async def test_a_connection_that_takes_over_ends_the_one_before(options: Options) -> None:
    async with Simulator(options()) as simulator, reading(simulator) as first:
        await eventually(lambda: bool(first.articles))
        async with reading(simulator, takeover=True) as second:
            await eventually(lambda: bool(second.articles) and bool(first.closes))
            assert len(simulator.newswire.hub.sessions()) == 1


@pytest.mark.parametrize("kind", ["drop", "abort", "close", "slow_consumer"])
async def test_the_client_comes_back_after_each_fault(options: Options, kind: str) -> None:
    async with Simulator(options()) as simulator, reading(simulator) as reader:
        await eventually(lambda: bool(reader.articles))
        await post(simulator, "/sim/news/fault", {"kind": kind})
        seen = len(reader.articles)
        await eventually(lambda: len(reader.articles) > seen + 20)
        assert simulator.status()["news"]["sessions"]["authenticated"] == 2


async def test_garbage_costs_the_client_nothing_else(options: Options) -> None:
    async with Simulator(options()) as simulator, reading(simulator) as reader:
        await eventually(lambda: bool(reader.articles))
        for garbage in (b"not json", b"[]", b'{"action":"sendArticle","data":{}}'):
            await post(simulator, "/sim/news/inject", garbage)
        seen = len(reader.articles)
        await eventually(lambda: len(reader.articles) > seen + 20)


async def test_a_request_that_is_none_is_answered_and_ends_the_connection(options: Options) -> None:
    async with (
        Simulator(options()) as simulator,
        connect(simulator.news_url, additional_headers={"x-api-key": "key"}, proxy=None) as raw,
    ):
        await raw.send("{")
        assert "error" in str(await raw.recv())
        with pytest.raises(ConnectionClosed):
            await raw.recv()


async def test_a_recording_waits_for_its_reader_and_comes_whole(options: Options, tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl.gz"
    lines = [
        {
            "link": f"l{number}",
            "title": "t",
            "publishDate": "2026-11-20T14:30:00Z",
            "source": "s",
            "language": "en",
        }
        for number in range(300)
    ]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    async with Simulator(options(news=path)) as simulator, reading(simulator, raw=True) as reader:
        await eventually(lambda: len(reader.articles) == 300)
        assert [article.link for article in reader.articles] == [line["link"] for line in lines]
        assert simulator.newswire.finished.is_set()


async def test_a_held_recording_goes_on_as_far_as_it_is_told(tmp_path: Path) -> None:
    path, frames = tmp_path / "articles.jsonl", tmp_path / "frames.ndjson"
    common = {"title": "t", "publishDate": "2026-11-20T14:30:00Z", "source": "s", "language": "en"}
    path.write_text("".join(json.dumps({"link": f"l{number}", **common}) + "\n" for number in range(3)))
    frames.write_text("")
    simulator = Simulator(SimOptions(input=frames, news=path, speed=0, held=True))
    async with simulator, reading(simulator, raw=True) as reader:
        await post(simulator, "/sim/play", {"articles": 2})
        await eventually(lambda: simulator.status()["news"]["holding"] and len(reader.articles) == 2)
        simulator.play_until(None, None)
        await eventually(lambda: len(reader.articles) == 3)


def test_a_recording_that_holds_no_article_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_text('{"link":"a"}\n[]\n')
    with pytest.raises(BadInputError, match="line 2 is no article"):
        recorded_articles(path)


def test_a_seed_gives_the_same_articles_of_every_kind() -> None:
    listings = make_listings(2_000, 7)

    def write() -> list[dict[str, Any]]:
        articles = ArticleWriter(listings, seed=7, start_ms=0, per_minute=60)
        return [article.fields for article in itertools.islice(articles, 1_000)]

    first = write()
    assert first == write()
    links = [fields["link"] for fields in first]
    assert len(set(links)) < len(links)
    assert any(fields.get("isUpdate") for fields in first)
    assert max(len(fields["companies"]) for fields in first) > MANY_TICKERS * 0.8
    assert any(not fields["companies"] for fields in first)
    assert any("<b>" in fields["title"] for fields in first)
    assert any("🚀" in fields["title"] for fields in first)
