"""What a checkup of a running installation finds, and what it says is to be done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from streams.local.doctor import Check, judge_topics
from streams.platform import kafka_checkup, redis_checkup
from streams.platform.checkup import RUNBOOKS, examine_installation, judge, vendor_key
from streams.platform.kafka_checkup import Standing
from streams.scp.watched import Kind, Watched
from streams.settings import Settings
from streams.topic_admin import Mismatch, create_topics
from streams.version import VERSION

ROOT = Path(__file__).parents[2]
LISTENER = Watched("massive-listener", "Massive listener", Kind.LISTENER, "http://127.0.0.1:4200")


def expect_remedy(check: Check, word: str) -> None:
    assert not check.ok
    assert word in check.detail
    assert check.remedy
    for part in check.remedy.split():
        if part.startswith(RUNBOOKS):
            assert (ROOT / part).exists()


@pytest.mark.parametrize(
    ("standing", "word"),
    [
        (Standing(begin=0, late=50, end=60, committed=49), "behind"),
        (Standing(begin=10, late=50, end=60, committed=9), "deleted before they were read"),
    ],
)
def test_a_group_that_lags_or_has_missed_records_is_named_with_its_partition(
    standing: Standing, word: str
) -> None:
    check = kafka_checkup.judge("scanner", 2, {"md.trades/0": Standing(0, 5, 9, 7), "md.trades/3": standing})
    expect_remedy(check, word)
    assert "md.trades/3" in check.detail


def test_a_group_that_has_read_all_but_the_newest_is_well() -> None:
    assert kafka_checkup.judge("scanner", 1, {"md.trades/0": Standing(0, 50, 60, 50)}).ok


def test_a_group_without_members_is_no_worker() -> None:
    expect_remedy(kafka_checkup.judge("scanner", 0, {}), "no worker runs")


@pytest.mark.parametrize(
    ("info", "offset_s", "word"),
    [
        ({"redis_version": "5.0.14"}, 0.0, "5.0.14"),
        ({"redis_version": "7.2.1", "maxmemory": 100, "maxmemory_policy": "allkeys-lru"}, 0.0, "throws"),
        ({"redis_version": "7.2.1", "maxmemory": 100, "used_memory": 90}, 0.0, "90%"),
        ({"redis_version": "7.2.1"}, -0.4, "0.40 s behind"),
    ],
)
def test_a_redis_that_would_harm_is_told(info: dict[str, Any], offset_s: float, word: str) -> None:
    expect_remedy(redis_checkup.judge("WDC_REDIS_URL", "redis:6379/1", info, offset_s), word)


def test_a_redis_with_room_and_the_right_time_is_well() -> None:
    info = {"redis_version": "7.2.1", "maxmemory": 100, "used_memory": 70}
    assert redis_checkup.judge("WDC_REDIS_URL", "redis:6379/1", info, 0.1).ok


@pytest.mark.parametrize(
    ("health", "word"),
    [
        ({"healthy": False, "state": "auth_failed", "last_error": "no key"}, "auth_failed: no key"),
        ({"healthy": True, "session": "regular_session", "last_frame_age_s": 99.0}, "nothing came for 99 s"),
        ({"healthy": True, "version": "0.0.9"}, "0.0.9"),
        ({"status": "ok", "disk_free_ratio": 0.04}, "4% of its disk"),
        ({"healthy": True, "counters": {"dropped": {"buffer_full": 7}}}, "7 buffer_full"),
    ],
)
def test_a_component_that_is_not_well_says_why(health: dict[str, Any], word: str) -> None:
    expect_remedy(judge(LISTENER, health), word)


def test_a_listener_may_be_silent_while_the_market_is_closed() -> None:
    health = {"healthy": True, "session": "closed", "last_frame_age_s": 9_999.0, "version": VERSION}
    assert judge(LISTENER, health).ok


async def test_servers_that_are_away_are_told_one_by_one_without_secrets(unused_port: int) -> None:
    settings = Settings(
        kafka_bootstrap=f"127.0.0.1:{unused_port}",
        kafka_timeout_s=1.0,
        mdc_redis_url=SecretStr(f"redis://:hunter2@127.0.0.1:{unused_port}/0"),
        wdc_redis_url=SecretStr(f"redis://:hunter2@127.0.0.1:{unused_port}/1"),
        listener_port=unused_port,
        wds_port=unused_port,
    )
    checks = {check.name: check for check in await examine_installation(settings)}
    assert not any(check.ok for check in checks.values())
    assert all(check.remedy for check in checks.values())
    names = {"KAFKA_BOOTSTRAP", "MDC_REDIS_URL", "WDC_REDIS_URL", "Massive listener", "WDS"}
    assert names | {"vendor's key", "keys of clients"} == set(checks)
    assert "hunter2" not in str(checks)


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        (["retention.ms"], "streams topics update"),
        (["topic"] * 9, "streams topics create"),
        (["partitions"], "set KAFKA_PARTITIONS to what the topics have"),
        (["replication", "topic"], "set KAFKA_REPLICATION to what the topics have; streams topics create"),
    ],
)
def test_what_mends_topics_is_told_in_a_line_by_what_differs(settings: list[str], remedy: str) -> None:
    check = judge_topics("topics", [Mismatch("md.trades", setting, "1", "2") for setting in settings])
    expect_remedy(check, settings[0])
    assert check.remedy == remedy
    assert len(check.detail) < 250


async def test_a_key_that_the_vendor_refuses_is_told_and_one_that_it_takes_is_well() -> None:
    async def refuse(request: web.Request) -> web.Response:
        accepted = request.headers["authorization"] == "Bearer good"
        return web.json_response({}, status=200 if accepted else 401)

    app = web.Application()
    app.router.add_get("/v1/marketstatus/now", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        rest = "http://{}:{}".format(*runner.addresses[0])
        keys = {
            key: Settings(massive_api_key=SecretStr(key), massive_rest_url=rest) for key in ("bad", "good")
        }
        checks = {key: (await vendor_key(settings))[0] for key, settings in keys.items()}
    finally:
        await runner.cleanup()
    expect_remedy(checks["bad"], "refuses")
    assert checks["good"].ok
    away = (await vendor_key(keys["good"]))[0]
    expect_remedy(away, "could not be tried")


async def test_a_broker_with_topics_and_no_workers(kafka_bootstrap: str) -> None:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix="checkup.")
    await create_topics(settings)
    checks = {check.name: check for check in await kafka_checkup.examine_kafka(settings)}
    assert checks["KAFKA_BOOTSTRAP"].ok
    assert checks["topics"].ok
    assert checks["partitions"].ok, checks
    expect_remedy(checks["app scanner"], "no worker runs")


def test_the_command_tells_all_as_json_and_ends_with_1(unused_port: int) -> None:
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP": f"127.0.0.1:{unused_port}",
        "KAFKA_TIMEOUT_S": "1",
        "SCP_COMPONENTS": f"Some listener=http://127.0.0.1:{unused_port}",
        "AUTH_API_KEY": "a key of the test",
    }
    command = [sys.executable, "-m", "streams", "doctor", "--live", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    checks = {each["name"]: each for each in json.loads(done.stdout)}
    assert checks["KAFKA_BOOTSTRAP"]["detail"].startswith(
        f"Kafka at 127.0.0.1:{unused_port} is not available"
    )
    assert checks["Some listener"]["remedy"]
    assert checks["keys of clients"]["ok"]
    assert (done.returncode, done.stderr) == (1, "")
