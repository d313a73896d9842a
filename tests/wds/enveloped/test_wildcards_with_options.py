"""Wildcards with options: snapshots of what there is, each feed once, and no more than allowed."""

from __future__ import annotations

import asyncio
import json

from redis.asyncio import Redis

from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.enveloped.finder import TOGETHER, Finder
from streams.wds.enveloped.options import Options, Wish
from streams.wds.enveloped.subscription import Subscription
from streams.wds.outbox import Limits, Outbox
from streams.wds.service import WidgetDataService
from streams.wds.snapshots import Snapshots
from streams.wds.turn import Turn
from tests.wds.conftest import Eventually
from tests.wds.enveloped.conftest import Widget, enter
from tests.wds.test_outbox import Pipe


async def snapshots(widget: Widget, name: str) -> tuple[dict[str, object], dict]:
    found: dict[str, object] = {}
    while (message := await widget.read())["feed"] != name:
        assert message["type"] == "snapshot"
        assert message["feed"] not in found
        found[message["feed"]] = message["data"]
    return found, message


async def test_every_feed_that_a_wildcard_matches_has_its_snapshot(widget: Widget, wdc: Redis) -> None:
    await wdc.mset({"quote:A": "1", "quote:B": "2", "quoted": "3", "scanners:top_volume": "4", "secret": "5"})
    await wdc.lpush("news:ticker:A", "6", "7")
    await widget.subscribe("*", snapshot=True)
    found, notice = await snapshots(widget, "*")
    assert found == {"quote:A": 1, "quote:B": 2, "scanners:top_volume": 4, "news:ticker:A": [7, 6]}
    assert notice == {"feed": "*", "type": "snapshots", "data": {"sent": 4, "more": False}}
    await wdc.publish("quote:NEW", "8")
    assert await widget.read() == {"feed": "quote:NEW", "type": "value", "seq": 1, "data": 8}


async def test_a_wildcard_that_matches_nothing_yet_says_so(widget: Widget) -> None:
    await widget.subscribe("quote:*", snapshot=True)
    assert (await widget.read())["data"] == {"sent": 0, "more": False}


async def test_snapshots_of_a_wildcard_are_bounded_and_the_client_knows(
    settings: Settings, wdc: Redis
) -> None:
    await wdc.mset({f"quote:S{number}": str(number) for number in range(30)})
    bounded = settings.model_copy(update={"wds_max_snapshot_keys": 10})
    async with WidgetDataService(bounded) as service, enter(service) as widget:
        await widget.subscribe("quote:*", snapshot=True)
        found, notice = await snapshots(widget, "quote:*")
        assert len(found) == 10
        assert notice["data"] == {"sent": 10, "more": True}
        missing = next(f"quote:S{number}" for number in range(30) if f"quote:S{number}" not in found)
        await wdc.publish(missing, '"late"')
        assert (await widget.frame())[::2] == ("value", "late")


async def test_a_feed_comes_once_by_its_own_name_before_any_wildcard(widget: Widget, wdc: Redis) -> None:
    await wdc.mset({"quote:A": '{"a":1,"b":1}', "quote:B": '{"a":2,"b":2}'})
    await widget.subscribe("quote:A", snapshot=True, fields=["a"])
    assert (await widget.frame())[2] == {"a": 1}
    await widget.subscribe("quote:*", snapshot=True, fields=["b"])
    found, _ = await snapshots(widget, "quote:*")
    assert found == {"quote:B": {"b": 2}}
    await widget.subscribe("q*", snapshot=True)
    assert (await widget.read())["data"] == {"sent": 0, "more": False}
    for symbol in "AB":
        await wdc.publish(f"quote:{symbol}", '{"a":3,"b":3}')
    assert [(await widget.read())["data"] for _ in range(2)] == [{"a": 3}, {"b": 3}]
    await widget.ask("unsubscribe", "quote:A")
    await wdc.publish("quote:A", '{"a":4,"b":4}')
    assert (await widget.read())["data"] == {"b": 4}


async def test_no_value_is_lost_or_goes_back_while_a_wildcard_is_looked_up(
    service: WidgetDataService, widget: Widget, wdc: Redis
) -> None:
    names = [f"quote:S{number}" for number in range(300)]
    await wdc.mset(dict.fromkeys(names, "0"))
    await widget.socket.send(json.dumps({"action": "subscribe", "feed": "quote:*", "snapshot": True}))
    for number in range(1, 6):
        async with wdc.pipeline(transaction=True) as pipeline:
            for name in names:
                pipeline.set(name, number)
                pipeline.publish(name, number)
            await pipeline.execute()
    assert (await widget.read())["status"] == "subscribed"
    received: dict[str, list[int]] = {name: [] for name in names}
    while any(not numbers or numbers[-1] != 5 for numbers in received.values()):
        message = await widget.read()
        if message["type"] == "snapshots":
            continue
        assert (message["type"] == "snapshot") or received[message["feed"]]
        received[message["feed"]].append(message["data"])
    assert all(numbers == sorted(numbers) for numbers in received.values())


async def test_a_client_with_many_wildcards_holds_up_nobody(
    wdc: Redis, settings: Settings, eventually: Eventually
) -> None:
    await wdc.mset({"quote:A1": "1", "quote:B1": "1", "scanners:top_volume": "[]"})
    counters, limits = Counters(), Limits.of(settings)
    greedy, modest = (Outbox(Pipe(), Turn(counters), limits, counters) for _ in range(2))
    reading = Snapshots(settings, counters)
    found: dict[str, set[str]] = {}
    finder = Finder(reading, 10, lambda each, keys, _: found.update({each.name: {*keys}}))
    wish = Wish(Options(), snapshot=True)
    names = [f"quote:{letter}{number}*" for letter in "AB" for number in range(3 * TOGETHER)]
    for name in names:
        finder.ask(Subscription(greedy, name, wish, 0))
    finder.ask(Subscription(modest, "scanners:*", wish, 0))
    looking = asyncio.create_task(finder.run())
    await eventually(lambda: len(found) > len(names))
    looking.cancel()
    await reading.close()
    assert [*found].index("scanners:*") < TOGETHER
    assert {name: keys for name, keys in found.items() if keys} == {
        "quote:A1*": {"quote:A1"},
        "quote:B1*": {"quote:B1"},
        "scanners:*": {"scanners:top_volume"},
    }
