import json
from collections.abc import Callable
from typing import Any

from streams.cli.topic_records import columns
from streams.inspection.concern import Concern, Found, Record
from streams.inspection.told import tell
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
    nothing = streams("topics", "read", "trades", "--symbol", "AAPL", **environment)
    assert (nothing.code, nothing.out, nothing.error_lines) == (0, "", ["cli.trades holds no record here"])


def test_what_cannot_be_read_is_told_in_a_line(streams: Command) -> None:
    ended = streams("topics", "read", "trades", "--offset", "1", "--newest", "2")
    assert (ended.code, ended.error_lines) == (1, ["streams: one start alone: --offset, --time or --newest"])


def test_a_record_is_a_line() -> None:
    value = b'[{"sym":"AAPL",\n"p":1.10},{"sym":"X"}]'
    found = Concern("AAPL").pick(Record(3, 17, 1_770_000_000_123, None, value))
    assert found is not None
    assert list(columns(tell(found))) == [
        "3@17",
        "2026-02-01 21:40:00.123 ET",
        "38 B",
        "1 of 2 events",
        '[{"sym":"AAPL", "p":1.10}]',
    ]
    assert list(columns(tell(Found(Record(0, 1, -1, b"AAPL", b"\xff" * 400)))))[1:4] == [
        "no time",
        "400 B",
        "key AAPL",
    ]


def test_doctor_says_what_it_checked(streams: Command, kafka_bootstrap: str) -> None:
    ended = streams("doctor", "--json", KAFKA_BOOTSTRAP=kafka_bootstrap, KAFKA_TOPIC_PREFIX="none.")
    checks = {check["name"]: check for check in json.loads(ended.out)}
    assert ended.code == 1
    assert checks["Python"]["ok"]
    assert checks["KAFKA_BOOTSTRAP"]["remedy"] == "streams topics create"
