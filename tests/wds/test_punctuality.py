"""When a feed counts as late, and when as deaf."""

from __future__ import annotations

from datetime import date, time

import pytest

from streams.feeds import TOP_TRADES_ALL, TOP_VOLUME
from streams.sessions import at
from streams.wds.punctuality import Punctuality

MONDAY = date(2026, 3, 2)
THANKSGIVING_FRIDAY = date(2026, 11, 27)
BOARD = "scanners:top_volume"


class Clock:
    """A time of New York, and how long the watch has been on."""

    def __init__(self, day: date, clock: time) -> None:
        self.now_ms = at(day, clock)
        self.now_s = 0.0

    def move(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1_000)
        self.now_s += seconds

    def watch(self, stale_after_s: float = 60) -> Punctuality:
        return Punctuality(stale_after_s, lambda: self.now_ms, lambda: self.now_s)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (MONDAY, time(9, 0), False),
        (MONDAY, time(9, 30, 30), False),
        (MONDAY, time(9, 32), True),
        (MONDAY, time(15, 59), True),
        (MONDAY, time(16, 1), False),
        (date(2026, 3, 1), time(12), False),
        (date(2026, 12, 25), time(12), False),
        (THANKSGIVING_FRIDAY, time(12, 59), True),
        (THANKSGIVING_FRIDAY, time(13, 1), False),
    ],
)
def test_a_board_is_late_only_in_regular_trading(day: date, clock: time, expected: bool) -> None:
    now = Clock(day, clock)
    watch = now.watch()
    now.now_s = 1_000
    watch.note({TOP_VOLUME: 62})
    assert (watch.late() == {BOARD: 62}) is expected


def test_a_feed_may_be_late_by_what_the_setting_says_beyond_its_period() -> None:
    now = Clock(MONDAY, time(12))
    watch, never = now.watch(), now.watch(0)
    now.move(1_000)
    for each in (watch, never):
        each.note({TOP_VOLUME: 61, TOP_TRADES_ALL: 66})
    assert watch.late() == {TOP_TRADES_ALL.pattern: 66}
    assert never.late() == {}


def test_a_service_that_has_just_started_waits_before_it_objects() -> None:
    now = Clock(MONDAY, time(12))
    watch = now.watch()
    watch.note({TOP_VOLUME: 50_000})
    assert watch.late() == {}
    now.move(61)
    assert list(watch.late()) == [BOARD]


def test_what_was_never_written_is_not_expected_and_what_is_gone_is() -> None:
    now = Clock(MONDAY, time(12))
    watch = now.watch()
    now.move(1_000)
    watch.note({})
    assert watch.late() == {}
    watch.note({TOP_VOLUME: 0})
    now.move(62)
    watch.note({})
    assert list(watch.late()) == [BOARD]


def test_a_subscribed_feed_that_is_written_and_not_heard_is_deaf() -> None:
    now = Clock(MONDAY, time(3))
    watch = now.watch()
    deaf = []
    for _ in range(4):
        watch.note({TOP_VOLUME: 0.1})
        deaf.append(watch.unheard([BOARD], {}))
        now.move(5)
    assert deaf == [[], [], [BOARD], []]


def test_a_subscribed_feed_that_is_heard_is_not_deaf_however_rarely_it_is_written() -> None:
    now = Clock(MONDAY, time(3))
    watch = now.watch()
    written_s = 0.0
    for step in range(100):
        if step % 7 == 0:
            written_s = now.now_s
        watch.note({TOP_VOLUME: now.now_s - written_s})
        assert watch.unheard([BOARD], {BOARD: now.now_s - written_s - 0.1}) == []
        now.move(5)


def test_a_feed_that_nobody_wants_is_not_deaf() -> None:
    now = Clock(MONDAY, time(12))
    watch = now.watch()
    for _ in range(5):
        watch.note({TOP_VOLUME: 0})
        assert watch.unheard([], {}) == []
        now.move(5)
