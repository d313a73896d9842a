"""What is logged when a thing keeps happening."""

from __future__ import annotations

import logging

import pytest

from streams.telemetry import Counters, RepeatFilter, quieten


def test_a_library_that_repeats_itself_is_heard_once(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("noisy.library.part")
    quieten("noisy")
    for number in range(100):
        logger.error("no connection to node %s", number)
        logger.info("hello")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "no connection to node 0"
    ]


def test_gauges_of_one_label_are_told_by_it_those_of_several_are_left_out() -> None:
    counters = Counters()
    counters.watch("rows", lambda: {("quotes",): 3.0})
    counters.watch("rows", lambda: {("ranges",): 4.0})
    counters.watch("lag", lambda: {("md.trades", "0"): 7.0})
    counters.watch("up", lambda: True)
    counters.watch("last", lambda: None)
    assert counters.gauges() == {"rows": {"quotes": 3.0, "ranges": 4.0}, "up": 1.0}


def test_information_is_not_filtered(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("talkative.library")
    quieten("talkative")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            logger.info("hello")
    assert len(caplog.records) == 3


def test_the_next_record_of_a_kind_tells_how_many_there_were() -> None:
    repeats = RepeatFilter(repeat_s=0.0)
    record = logging.makeLogRecord({"levelno": logging.ERROR, "msg": "away: %s", "args": ("x",)})
    assert repeats.filter(record)
    assert record.getMessage() == "away: x"
    repeats._repeat_s = 60.0
    suppressed = logging.makeLogRecord({"levelno": logging.ERROR, "msg": "away: %s", "args": ("y",)})
    assert not repeats.filter(suppressed)
    repeats._repeat_s = 0.0
    record = logging.makeLogRecord({"levelno": logging.ERROR, "msg": "away: %s", "args": ("z",)})
    assert repeats.filter(record)
    assert record.getMessage() == "away: z (2 times)"
