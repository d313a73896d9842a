import json
from collections.abc import Callable
from typing import Any

from streams.topics import CATALOGUE

Command = Callable[..., Any]


def test_created_topics_are_listed_and_pass_the_check(streams: Command, kafka_bootstrap: str) -> None:
    environment = {"KAFKA_BOOTSTRAP": kafka_bootstrap, "KAFKA_TOPIC_PREFIX": "cli.", "KAFKA_PARTITIONS": "2"}
    missing = streams("topics", "check", **environment)
    assert (missing.code, "missing" in missing.out) == (1, True)
    created = streams("topics", "create", **environment)
    assert (created.code, created.out.count("created cli.")) == (0, len(CATALOGUE))
    listed = json.loads(streams("topics", "list", "--json", **environment).out)
    assert [topic["name"] for topic in listed] == [f"cli.{topic.suffix}" for topic in CATALOGUE]
    assert streams("topics", "check", **environment).code == 0


def test_doctor_says_what_it_checked(streams: Command, kafka_bootstrap: str) -> None:
    ended = streams("doctor", "--json", KAFKA_BOOTSTRAP=kafka_bootstrap, KAFKA_TOPIC_PREFIX="none.")
    checks = {check["name"]: check for check in json.loads(ended.out)}
    assert ended.code == 1
    assert checks["Python"]["ok"]
    assert checks["KAFKA_BOOTSTRAP"]["remedy"] == "streams topics create"
