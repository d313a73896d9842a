"""The usual volume by time of day: of ten whole sessions, or unknown."""

from __future__ import annotations

import uuid

from streams.records import partition_of
from streams.reference.past_curves import read_curves, usual_curve
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import VOLUME_CURVES
from streams.volume_curve import SessionCurve, encode, make_curve, points_of
from streams.writer import RecordWriter

DAYS = range(1, 11)


def curve(shares: float) -> bytes:
    return make_curve([(0, shares)])


def test_the_mean_is_over_all_days_in_shares_of_today() -> None:
    curves = {day: curve(100.0 * day) for day in DAYS}
    usual = usual_curve(curves, dict.fromkeys(DAYS, 1.0))
    assert usual is not None
    assert set(points_of(usual)) == {550.0}
    split = usual_curve(curves, {day: 2.0 if day < 4 else 1.0 for day in DAYS})
    assert split is not None
    assert set(points_of(split)) == {610.0}


def test_a_day_that_is_not_known_leaves_the_mean_unknown() -> None:
    nine = {day: curve(100.0) for day in DAYS if day != 4}
    assert usual_curve(nine, dict.fromkeys(DAYS, 1.0)) is None
    assert usual_curve(nine, {}) is None


async def test_the_newest_record_of_each_day_is_read_and_a_bad_one_is_none(kafka_bootstrap: str) -> None:
    settings = Settings(
        kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix=f"c{uuid.uuid4().hex[:8]}.", kafka_partitions=2
    )
    await create_topics(settings)
    writer = RecordWriter(settings)
    for symbol in ("A", "B", "C", "D"):
        records = [
            (f"{symbol} {day}".encode(), encode(SessionCurve(symbol, day, curve(shares))))
            for day, shares in ((1, 10.0), (2, 20.0), (1, 30.0), (3, 40.0))
        ]
        records += [(b"bad", b"\xc1"), (b"short", encode(SessionCurve(symbol, 2, b"short")))]
        partition = partition_of(symbol, 2)
        assert await writer.write(settings.topic(VOLUME_CURVES), partition, records) is not None
    await writer.close()
    assert await read_curves(settings, {1, 2, 9}) == {
        symbol: {1: curve(30.0), 2: curve(20.0)} for symbol in ("A", "B", "C", "D")
    }
