"""An article's trace goes on through both stages of the news."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer

from streams import topics
from streams.records import headers
from tests.integration.collector import Collector
from tests.integration.workers import eventually
from tests.news.conftest import RECEIVED_MS, wire

if TYPE_CHECKING:
    from tests.news.conftest import Newsroom

TRACE, LISTENER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


async def test_an_article_is_followed_from_the_listener_to_redis(newsroom: Newsroom) -> None:
    async with Collector() as collector:
        newsroom.settings.otel_exporter_otlp_endpoint = collector.url
        await newsroom.workers.start("0")
        (article,) = wire(1, 1)
        known = headers(RECEIVED_MS * 1_000_000, "test", f"00-{TRACE}-{LISTENER}-01")
        async with AIOKafkaProducer(bootstrap_servers=newsroom.settings.kafka_bootstrap) as producer:
            await producer.send(
                newsroom.settings.topic(topics.NEWS), json.dumps(article).encode(), headers=known
            )

        def came() -> dict[str, str]:
            return {span.name: span.parent_id for span in collector.traces().get(TRACE, ())}

        async def came_to_redis() -> bool:
            return {"relay", "apply", "emit"} <= came().keys()

        await eventually(came_to_redis)
    spans = {span.name: span for span in collector.traces()[TRACE]}
    assert spans["relay"].parent_id == LISTENER
    assert spans["apply"].parent_id == spans["relay"].span_id
    assert spans["emit"].parent_id == spans["apply"].span_id
