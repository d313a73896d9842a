"""The AsyncAPI document: valid by the specification's own schema, and true of the real service."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner

from streams import feeds
from streams.cli.main import app
from streams.wds.asyncapi import document
from streams.wds.service import WidgetDataService
from tests.wds.enveloped.conftest import KEY, Widget, enter

SCHEMA = Path(__file__).parent / "data" / "asyncapi-3.0.0.schema.json.gz"
MESSAGES = document()["components"]["messages"]


def check(message: str, payload: object) -> None:
    jsonschema.Draft202012Validator(MESSAGES[message]["payload"]).validate(payload)


def fits(message: str, payload: object) -> bool:
    return bool(jsonschema.Draft202012Validator(MESSAGES[message]["payload"]).is_valid(payload))


def test_the_document_is_valid_by_the_schema_of_the_specification() -> None:
    schema = json.loads(gzip.decompress(SCHEMA.read_bytes()))
    jsonschema.Draft7Validator(schema).validate(document("wds.example.com", "wss"))


def test_every_reference_leads_somewhere() -> None:
    whole = document()

    def follow(node: object) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                place: Any = whole
                for part in node["$ref"].removeprefix("#/").split("/"):
                    place = place[part]
            for child in node.values():
                follow(child)
        elif isinstance(node, list):
            for child in node:
                follow(child)

    follow(whole)


def test_it_names_every_feed_of_the_catalogue() -> None:
    assert [feed["glob"] for feed in document()["x-feeds"]] == [
        feed.pattern.replace("{}", "*") for feed in feeds.CATALOGUE
    ]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_example_fits_its_own_schema(name: str) -> None:
    for example in MESSAGES[name]["examples"]:
        check(name, example["payload"])


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "subscribe"},
        {"action": "subscribe", "feed": "quote:A", "limit": 0},
        {"action": "subscribe", "feed": "quote:A", "fields": []},
        {"action": "subscribe", "feed": "quote:A", "interval_ms": 9},
        {"action": "subscribe", "feed": "quote:A", "snapshot": "yes"},
    ],
)
async def test_what_the_schema_forbids_the_service_refuses(widget: Widget, payload: dict) -> None:
    assert not fits("subscribe", payload)
    await widget.socket.send(json.dumps(payload))
    assert (await widget.read())["status"] in {"invalid options", "invalid action"}


async def test_every_example_of_a_request_is_answered_as_the_document_says(
    service: WidgetDataService, wdc: Redis
) -> None:
    await wdc.set("scanners:top_volume", '[{"symbol":"AAPL","rank":1,"close":1}]')
    await wdc.lpush("news:feed:latest", '{"title":"a","link":"b"}')
    replied = 0
    for name, operation in document()["operations"].items():
        answers = [each["$ref"].rpartition("/")[2] for each in operation.get("reply", {}).get("messages", [])]
        for example in MESSAGES[name]["examples"] if answers else ():
            payload = {**example["payload"]} | ({"api_key": KEY} if "api_key" in example["payload"] else {})
            async with enter(service) as widget:
                await widget.socket.send(json.dumps(payload))
                for _ in payload.get("feeds", [None]):
                    message = await widget.read()
                    while "type" in message:
                        check(message["type"], message)
                        message = await widget.read()
                    assert any(fits(answer, message) for answer in answers), message
                    replied += 1
    assert replied >= 9


async def test_every_kind_of_frame_is_as_the_document_says(widget: Widget, wdc: Redis) -> None:
    await wdc.set("quote:A", '{"symbol":"A"}')
    seen: set[str] = set()

    async def see(count: int) -> None:
        for _ in range(count):
            message = await widget.read()
            check(message["type"], message)
            seen.add(message["type"])

    await widget.subscribe("quote:*", snapshot=True)
    await see(2)
    await widget.subscribe("scanners:top_volume", delta=True)
    await see(1)
    await widget.subscribe("news:feed:latest", snapshot=False)
    await widget.subscribe("halts:latest", interval_ms=50)
    for feed, payload in (
        ("quote:A", '{"symbol":"A"}'),
        ("quote:A", '{"symbol":"A","close":1}'),
        ("scanners:top_volume", '[{"symbol":"A","close":1}]'),
        ("scanners:top_volume", '[{"symbol":"A","close":2}]'),
        ("news:feed:latest", '{"title":"a"}'),
        ("halts:latest", '{"symbol":"A"}'),
    ):
        await wdc.publish(feed, payload)
        if payload != '{"symbol":"A"}' or feed != "quote:A":
            await see(1)
    assert seen == {"snapshot", "snapshots", "value", "delta", "item", "items"}


async def test_it_is_served_and_printed(service: WidgetDataService) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        served = (await http.get(f"http://127.0.0.1:{service.port}/asyncapi")).json()
    assert served == document(f"127.0.0.1:{service.port}", "ws")
    printed = CliRunner().invoke(app, ["wds", "asyncapi"])
    assert json.loads(printed.stdout)["operations"] == served["operations"]
