"""What options do, and which are refused, against the real service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis.asyncio import Redis

from streams import deltas
from streams.settings import Settings
from streams.wds.service import WidgetDataService
from tests.wds.enveloped.conftest import Widget, enter, put

BOARD = "scanners:top_volume"


def rows(*symbols: str, **fields: object) -> str:
    return json.dumps([{"symbol": symbol, "rank": n, **fields} for n, symbol in enumerate(symbols, 1)])


@pytest.mark.parametrize(
    ("feed", "options", "reason"),
    [
        ("quote:A", {"snapshot": 1}, "snapshot must be true or false"),
        ("quote:A", {"limit": 0}, "limit must be a whole number from 1 to 10000"),
        ("quote:A", {"limit": True}, "limit must be a whole number from 1 to 10000"),
        ("quote:A", {"interval_ms": "100"}, "interval_ms must be a whole number from 10 to 60000"),
        ("quote:A", {"fields": []}, "fields must be a list of 1 to 64 names"),
        ("quote:A", {"fields": ["close", 1]}, "fields must be a list of 1 to 64 names"),
        ("quote:A", {"delta": True}, "delta is for boards only, such as scanners:top_volume or scanners:*"),
        ("*", {"delta": True}, "delta is for boards only, such as scanners:top_volume or scanners:*"),
    ],
)
async def test_options_that_cannot_be_used_are_refused_with_the_reason(
    widget: Widget, feed: str, options: dict, reason: str
) -> None:
    reply = await widget.ask("subscribe", feed, **options)
    assert reply == {"status": "invalid options", "feed": feed, "reason": reason}
    assert (await widget.ask("unsubscribe", feed))["status"] == "unsubscribed"


@pytest.mark.parametrize("feed", ["nowhere", "secret:*", "scanners:TOP VOLUME"])
async def test_options_open_no_feed_outside_the_catalogue(widget: Widget, feed: str) -> None:
    assert await widget.ask("subscribe", feed, snapshot=True) == {"status": "invalid feed", "feed": feed}


async def test_a_client_has_a_bounded_number_of_different_options(settings: Settings) -> None:
    async with (
        WidgetDataService(settings.model_copy(update={"wds_max_option_sets": 2})) as service,
        enter(service) as widget,
    ):
        for number, name in enumerate(("quote:A", "quote:B")):
            await widget.subscribe(name, interval_ms=100 + number)
        await widget.subscribe("quote:C", interval_ms=100)
        await widget.subscribe("quote:D", snapshot=False)
        reply = await widget.ask("subscribe", "quote:E", interval_ms=500)
        assert (reply["status"], reply["reason"]) == (
            "invalid options",
            "more than 2 different sets of options",
        )
        await widget.subscribe("quote:B", interval_ms=500)


async def test_several_feeds_in_one_request_are_answered_one_by_one(widget: Widget, wdc: Redis) -> None:
    await put(wdc, "quote:A", "1")
    await widget.socket.send('{"action":"subscribe","feeds":["quote:A","nowhere","quote:B"],"snapshot":true}')
    replies: list[dict] = []
    frames: dict[str, object] = {}
    while len(replies) + len(frames) < 5:
        message = await widget.read()
        if "status" in message:
            replies.append(message)
        else:
            frames[message["feed"]] = message["data"]
    assert [(reply["status"], reply["feed"]) for reply in replies] == [
        ("subscribed", "quote:A"), ("invalid feed", "nowhere"), ("subscribed", "quote:B"),
    ]  # fmt: skip
    assert frames == {"quote:A": 1, "quote:B": None}


async def test_fields_and_limit_leave_the_rest_out(widget: Widget, wdc: Redis) -> None:
    await put(wdc, BOARD, '[{"symbol":"A","close":1.10,"x":1},{"symbol":"B"},{"symbol":"C"}]')
    await widget.subscribe(BOARD, snapshot=True, fields=["symbol", "close"], limit=2)
    assert await widget.frame() == ("snapshot", 0, [{"symbol": "A", "close": 1.1}, {"symbol": "B"}])
    await put(wdc, BOARD, '[{"x":1,"symbol":"A"}]')
    assert await widget.frame() == ("value", 1, [{"symbol": "A"}])


async def test_bare_and_enveloped_clients_do_not_disturb_each_other(
    service: WidgetDataService, widget: Widget, wdc: Redis
) -> None:
    async with enter(service) as bare:
        await bare.subscribe(BOARD)
        await widget.subscribe(BOARD, snapshot=True, fields=["symbol"])
        await put(wdc, BOARD, '[ {"symbol":"A", "close":1.10} ]')
        assert await bare.socket.recv() == '[ {"symbol":"A", "close":1.10} ]'
        assert (await widget.frame())[2] is None
        assert await widget.frame() == ("value", 1, [{"symbol": "A"}])


async def test_subscribing_anew_replaces_the_options_and_brings_a_fresh_snapshot(
    widget: Widget, wdc: Redis
) -> None:
    await put(wdc, "quote:A", '{"a":1,"b":2}')
    await widget.subscribe("quote:A")
    await widget.subscribe("quote:A", snapshot=True)
    assert (await widget.frame())[2] == {"a": 1, "b": 2}
    await widget.subscribe("quote:A", snapshot=True, fields=["b"])
    assert (await widget.frame())[2] == {"b": 2}
    await put(wdc, "quote:A", '{"a":1,"b":3}')
    assert (await widget.frame())[::2] == ("value", {"b": 3})
    await widget.subscribe("quote:A")
    await put(wdc, "quote:A", "4")
    assert await widget.socket.recv() == "4"
    assert await widget.ask("unsubscribe", "quote:A") == {"status": "unsubscribed", "feed": "quote:A"}
    await put(wdc, "quote:A", "5")
    assert (await widget.ask("get", cache="quote:A"))["data"] == 5


async def test_changes_of_a_board_add_up_to_the_board(
    service: WidgetDataService, widget: Widget, wdc: Redis
) -> None:
    states = [
        rows("A", "B"),
        rows("A", "B", close=2),
        rows("B", "C"),
        "[]",
        rows("D"),
        '{"no":"board"}',
        rows("E"),
    ]
    await put(wdc, BOARD, states[0])
    await widget.subscribe(BOARD, delta=True)
    async with enter(service, is_compressed=False) as other:
        await other.subscribe(BOARD, delta=True)
        for client in (widget, other):
            assert await client.frame() == ("snapshot", 0, json.loads(states[0]))
        held = {client: deltas.rows(states[0].encode()) for client in (widget, other)}
        types = []
        for number, state in enumerate(states[1:], 1):
            await put(wdc, BOARD, state)
            for client in (widget, other):
                type_, seq, data = await client.frame()
                assert seq == number
                types.append(type_)
                payload = json.dumps(data).encode()
                before = held[client]
                if type_ == "delta":
                    assert before is not None
                    held[client] = deltas.apply(before, payload)
                else:
                    held[client] = deltas.rows(payload)
                if held[client] is not None:
                    assert json.loads(deltas.encoded(held[client] or {})) == json.loads(state)
        assert types[::2] == ["delta", "delta", "delta", "delta", "snapshot", "snapshot"]


async def test_a_least_interval_brings_the_newest_value_and_gathers_entries(
    widget: Widget, wdc: Redis
) -> None:
    await widget.subscribe("quote:A", interval_ms=200)
    await widget.subscribe("news:ticker:A", interval_ms=200)
    for number in range(20):
        await put(wdc, "quote:A", str(number))
        await wdc.publish("news:ticker:A", str(number))
    newest: Any = None
    entries: list[int] = []
    frames = 0
    while newest != 19 or len(entries) < 20:
        message = await widget.read()
        frames += 1
        if message["type"] == "items":
            entries += reversed(message["data"])
        else:
            newest = message["data"]
    assert entries == list(range(20))
    assert frames <= 12


async def test_a_payload_that_is_no_json_costs_itself_alone(
    service: WidgetDataService, widget: Widget, wdc: Redis
) -> None:
    await widget.subscribe("quote:A", snapshot=False)
    await wdc.publish("quote:A", "{no json")
    await wdc.publish("quote:A", b'"\xff"')
    await wdc.publish("quote:A", "1")
    assert await widget.frame() == ("value", 1, 1)
    assert service.counters.get("dropped", "payload_not_json") == 2
