"""What the console calls an alarm, and what it is told of Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from streams.scp.alarms import SHOWN_MS, Alarms, Finding, findings

from .conftest import Install, eventually

Json = dict[str, Any]


def component(**changes: object) -> Json:
    plain = {"name": "a", "title": "A", "kind": "listener", "healthy": True, "state": "ok"}
    return plain | {"rates": {}, "drops": {}, "health": {}} | changes


def topic(group: Json | None = None, **changes: object) -> Json:
    groups = [] if group is None else [{"group": "md.g", "lag_s": 0, "trend": None, "details": []} | group]
    plain = {"name": "md.t", "problem": None, "cleanup": "delete", "retention_ms": 300_000, "groups": groups}
    return plain | changes


WELL = {"state": "complete", "told": "all is there"}


def texts(
    *components: Json, topics: tuple[Json, ...] = (), kafka: str | None = None, reference: Json = WELL
) -> list[str]:
    told = {"problem": kafka, "topics": topics}
    return [found.text for found in findings(components, told, [], reference)]


def market(session: str, age_s: float) -> Json:
    return component(health={"market": "stocks", "session": session, "last_frame_age_s": age_s})


def boards(rate: float, age_s: float) -> tuple[Json, Json]:
    worker = component(kind="worker", rates={"boards_published": 0.0, "events_processed": rate})
    return worker, component(
        name="wds", kind="wds", health={"message_ages_s": {"scanners:top_volume": age_s}}
    )


STANDING = {"details": [{"partition": 3, "standing_s": 31.0}]}


@pytest.mark.parametrize(
    ("found", "part"),
    [
        (lambda: texts(component(healthy=False, state="unreachable")), "A: unreachable"),
        (
            lambda: texts(component(rates={"dropped.full": 2.0}, drops={"dropped.full": 9})),
            "dropped.full, 2.0/s",
        ),
        (lambda: texts(market("regular_session", 6)), "nothing has come from the vendor for 6 s"),
        (lambda: texts(market("pre_market", 61)), "for 61 s"),
        (lambda: texts(*boards(100, 6)), "scanners:top_volume has not changed for 6 s"),
        (lambda: texts(kafka="Kafka does not answer"), "Kafka does not answer"),
        (lambda: texts(topics=(topic(problem="no leader"),)), "md.t: no leader"),
        (lambda: texts(topics=(topic({"lag_s": 151}),)), "data is about to be lost"),
        (lambda: texts(topics=(topic({"lag_s": 6, "trend": "rising"}),)), "6 s late, and it grows"),
        (lambda: texts(reference={"state": "absent", "told": "there is none"}), "there is none"),
        (lambda: texts(reference={"state": "old", "told": "of Friday"}), "of Friday"),
        (lambda: texts(reference={"state": "incomplete", "told": "only 94.9 %"}), "only 94.9 %"),
        (lambda: texts(topics=(topic(STANDING),)), "md.g on md.t/3: nothing was committed for 31 s"),
    ],
)
def test_what_is_wrong(found: Callable[[], list[str]], part: str) -> None:
    (text,) = found()
    assert part in text


@pytest.mark.parametrize(
    "found",
    [
        lambda: texts(component(drops={"dropped.full": 9}, rates={"dropped.full": 0.0})),
        lambda: texts(market("closed", 9_000)),
        lambda: texts(market("pre_market", 30)),
        lambda: texts(component(health={"session": "regular_session", "last_frame_age_s": 900})),
        lambda: texts(*boards(0, 600)),
        lambda: texts(reference={"state": "unknown", "told": "Kafka is away"}),
        lambda: texts(topics=(topic({"lag_s": 60, "trend": "falling"}),)),
        lambda: texts(topics=(topic({"lag_s": None, "trend": None}),)),
        lambda: texts(topics=(topic({"lag_s": 9_000, "trend": "steady"}, cleanup="compact"),)),
    ],
)
def test_what_is_not(found: Callable[[], list[str]]) -> None:
    assert found() == []


def test_an_alarm_waits_and_is_shown_for_a_while_when_it_is_over() -> None:
    alarms, wrong = Alarms(), Finding("a", "A is late", for_s=10)
    alarms.take(0, [wrong])
    alarms.take(9_999, [wrong])
    assert alarms.describe() == []
    alarms.take(10_000, [wrong])
    (told,) = alarms.describe()
    assert (told["since_ms"], told["is_over"]) == (0, False)
    alarms.take(20_000, [])
    assert [each["is_over"] for each in alarms.describe()] == [True]
    alarms.take(10_000 + SHOWN_MS, [])
    assert alarms.describe() == []


def test_what_comes_and_goes_quickly_is_no_alarm() -> None:
    alarms, wrong = Alarms(), Finding("a", "A is late", for_s=10)
    for at_ms in range(0, 60_000, 2_000):
        alarms.take(at_ms, [wrong] if at_ms % 8_000 else [])
    assert alarms.describe() == []


async def test_one_redis_that_is_away_hides_no_other_and_is_an_alarm(install: Install) -> None:
    scp = await install(mdc_redis_url=SecretStr("redis://:secret@127.0.0.1:1/0"))
    viewer = await scp.browser("viewer")

    async def is_told() -> bool:
        return (await viewer.get("/api/redis")).json()["servers"][1]["problem"] is None

    await eventually(is_told)
    answer = await viewer.get("/api/redis")
    mdc, wdc = answer.json()["servers"]
    assert (mdc["problem"], mdc["memory_bytes"], mdc["address"]) == ("ConnectionError", None, "127.0.0.1:1/0")
    assert wdc["memory_bytes"] > 100_000
    assert wdc["ping_ms"] >= 0
    assert "secret" not in answer.text
    assert (await viewer.get("/api/alarms")).json()["alarms"] == []
    nobody = await scp.browser()
    assert {(await nobody.get(f"/api/{path}")).status_code for path in ("redis", "alarms", "topics")} == {401}
