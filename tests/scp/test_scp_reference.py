"""What operators are told of reference data and of the exchange's calendar."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import date, time
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from streams.reference.coverage import Coverage, DayCount, Lacking
from streams.scp.market_days import market_days
from streams.scp.market_time import replayed_ms
from streams.scp.reference_report import report
from streams.scp.reference_watch import ReferenceWatch
from streams.scp.topic_watch import TopicWatch
from streams.sessions import MarketCalendar, Session, at
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import REFERENCE

from .conftest import Install, eventually

CALENDAR = MarketCalendar()
DUE = CALENDAR.day(date(2026, 11, 20))
THURSDAY_MS = CALENDAR.day(date(2026, 11, 19)).start_ms
HALF = Coverage((DayCount(DUE.start_ms, 50, 50), DayCount(THURSDAY_MS, 50, 50)))


@pytest.mark.parametrize(
    ("coverage", "part"),
    [
        (Coverage(), "There is no reference data, that of 2026-11-20 is due: streams reference load"),
        (Coverage((DayCount(THURSDAY_MS, 9, 9),)), "is of 2026-11-19, that of 2026-11-20 is due"),
        (
            HALF,
            "Only 50 of 100 symbols have reference data of 2026-11-20",
        ),
        (Coverage((DayCount(DUE.start_ms, 9_999, 9_499),)), "Only 94.99 % of 9999 symbols"),
        (Coverage((DayCount(DUE.start_ms, 100, 95),)), "is due is there: of 2026-11-20"),
        (None, "has not been read yet"),
    ],
)
def test_one_sentence_says_how_it_is_and_which_command_mends_it(coverage: Coverage | None, part: str) -> None:
    assert part in report(coverage, DUE, CALENDAR)["told"]


def test_shares_are_told_and_marked_where_they_are_too_large() -> None:
    lacking = (
        Lacking("prev_day_close", 6, ("A",)),
        Lacking("avg_volume", 5, ()),
        Lacking("free_float", 50, ()),
        Lacking("security_type", 51, ()),
    )
    told = report(Coverage((DayCount(DUE.start_ms, 100, 94),), 0, lacking), DUE, CALENDAR)
    assert told["complete_share"] == 0.94
    assert [(each["share"], each["too_many"]) for each in told["lacking"]] == [
        (0.06, True), (0.05, False), (0.5, False), (0.51, True),
    ]  # fmt: skip
    nothing = report(Coverage(), DUE, CALENDAR)
    assert {each["share"] for each in nothing["lacking"]} == {None}


@pytest.mark.parametrize(
    ("delay_s", "age_s", "expected"),
    [(0.2, 1.0, None), (900.0, 1.0, None), (-5.0, 1.0, None), (7_200.0, 1.0, 10**12 - 7_201_000),
     (-90_000.0, 0, 10**12 + 90_000_000), (7_200.0, 61.0, None), (None, 1.0, None),
     (-1e30, 1.0, None), (1.7e9, 1.0, None)],
)  # fmt: skip
def test_a_replay_is_told_by_how_late_events_come(
    delay_s: float | None, age_s: float, expected: int | None
) -> None:
    listener = {"market": "stocks", "last_frame_age_s": age_s, "event_delay_s": delay_s}
    assert replayed_ms([None, {"status": "ok"}, listener], 10**12) == expected


@pytest.mark.parametrize(
    ("day", "clock", "session", "closes", "following"),
    [
        (date(2026, 11, 27), time(12, 59), Session.REGULAR, "13:00", (Session.AFTER_HOURS, time(13))),
        (date(2026, 12, 24), time(9), Session.PRE_MARKET, "13:00", (Session.REGULAR, time(9, 30))),
        (date(2026, 11, 20), time(3), Session.CLOSED, "16:00", (Session.PRE_MARKET, time(4))),
    ],
)
def test_the_sessions_of_a_day(
    day: date, clock: time, session: Session, closes: str, following: tuple[Session, time]
) -> None:
    told = market_days(CALENDAR, at(day, clock))
    assert (told["session"], told["today"]["close_et"]) == (session, closes)
    assert told["today"]["is_half_day"] is (closes == "13:00")
    assert (told["next_session"], told["next_change_ms"]) == (following[0], at(day, following[1]))
    bounds = [(each["from_et"], each["to_et"]) for each in told["today"]["sessions"]]
    assert bounds[:2] == [("04:00", "09:30"), ("09:30", closes)]
    assert [each["to_ms"] for each in told["today"]["sessions"]][:2] == [
        at(day, time(9, 30)), at(day, time.fromisoformat(closes)),
    ]  # fmt: skip


def test_a_full_holiday_has_no_sessions() -> None:
    today = market_days(CALENDAR, at(date(2026, 7, 3), time(12)))["today"]
    assert (today["is_session"], today["is_half_day"], today["sessions"]) == (False, False, [])
    assert today["name"] == "Independence Day (observed)"


def test_holidays_and_half_days_ahead_and_nothing_else() -> None:
    ahead = market_days(CALENDAR, at(date(2026, 11, 20), time(12)))["ahead"]
    assert [(each["date"], each["name"], each["close_et"]) for each in ahead] == [
        ("2026-11-26", "Thanksgiving Day", None),
        ("2026-11-27", "Day after Thanksgiving Day", "13:00"),
        ("2026-12-24", "Christmas Eve", "13:00"),
        ("2026-12-25", "Christmas Day", None),
        ("2027-01-01", "New Year's Day", None),
        ("2027-01-18", "Martin Luther King Jr. Day", None),
        ("2027-02-15", "Washington's Birthday", None),
    ]


async def test_the_topic_is_read_when_it_changes_and_stays_known_without_kafka(
    settings: Settings, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.scp.topic_watch.INTERVAL_S", 0.1)
    monkeypatch.setattr("streams.scp.reference_watch.PAUSE_S", 0.1)
    settings.kafka_bootstrap, settings.kafka_timeout_s = kafka_bootstrap, 20
    settings.kafka_topic_prefix, settings.kafka_partitions = f"r{uuid.uuid4().hex[:8]}.", 2
    topics = TopicWatch(settings, dict)
    watch = ReferenceWatch(settings, topics, CALENDAR)

    async def is_so(**expected: object) -> None:
        async def is_told() -> bool:
            return expected.items() <= watch.describe(DUE.start_ms).items()

        await eventually(is_told)

    assert watch.describe(None)["state"] == "unknown"
    tasks = [asyncio.create_task(topics.run()), asyncio.create_task(watch.run())]
    try:
        topic = settings.topic(REFERENCE)
        await is_so(state="absent", problem=f"there is no topic {topic}: streams topics create")
        await create_topics(settings)
        await is_so(state="absent", problem=None, symbols=0)
        await _write(settings, ("A", {"prev_day_close": 7.0, "avg_volume": 10}), ("日本", {}), ("C", None))
        await is_so(state="incomplete", symbols=2, complete=1, day="2026-11-20", rejected=1)
        await _write(settings, ("日本", {"prev_day_close": 7.0, "avg_volume": 10}))
        await is_so(state="complete", symbols=2, complete=2)
        tasks.pop(0).cancel()
        settings.kafka_bootstrap, settings.kafka_timeout_s = "127.0.0.1:1", 1
        tasks.append(asyncio.create_task(topics.run()))

        async def is_away() -> bool:
            return "does not answer" in (watch.describe(DUE.start_ms)["problem"] or "")

        await eventually(is_away)
        known = watch.describe(DUE.start_ms)
        assert (known["state"], known["symbols"], known["read_ms"] > 0) == ("complete", 2, True)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _write(settings: Settings, *records: tuple[str, dict[str, Any] | None]) -> None:
    """Write reference data of the day; in the place of None what is none."""
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap) as producer:
        for symbol, known in records:
            told = {"symbol": 5} if known is None else {"symbol": symbol, "day_ms": DUE.start_ms} | known
            await producer.send_and_wait(
                settings.topic(REFERENCE), json.dumps(told).encode(), key=symbol.encode()
            )


async def test_whoever_may_look_sees_them_and_nobody_else(install: Install) -> None:
    scp = await install()
    nobody, viewer = await scp.browser(), await scp.browser("viewer")
    for path in ("reference", "calendar"):
        assert (await nobody.get(f"/api/{path}")).status_code == 401
        assert (await viewer.get(f"/api/{path}")).status_code == 200
    assert (await viewer.get("/api/reference")).json()["state"] == "unknown"
    assert (await viewer.get("/api/calendar")).json()["next"]["is_session"] is True
