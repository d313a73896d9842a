"""The curves of volume of past sessions, as md.volume-curves holds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from streams.reference.whole_topic import read_partitions
from streams.settings import Settings
from streams.topics import VOLUME_CURVES
from streams.volume_curve import CURVE_BYTES, decode, mean_curve

CURVE_SESSIONS: Final = 10
"""Sessions over which the usual volume up to a time of day is taken."""

PastCurves = Mapping[str, Mapping[int, bytes]]
"""Curves by symbol and the start of the day, ms since 1970 UTC."""


async def read_curves(settings: Settings, days_ms: Collection[int]) -> PastCurves:
    """Return the curves of some days, given by their starts.

    Raises:
        UnavailableError: Kafka does not answer, or has no such topic.
    """
    curves: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
    topic, partitions = settings.topic(VOLUME_CURVES), range(settings.partitions(VOLUME_CURVES))
    async for record in read_partitions(settings, topic, partitions):
        try:
            read = decode(record.value or b"")
        except msgspec.DecodeError:
            continue  # a tombstone, or not of this version: a day that is not known
        if read.day_ms in days_ms and len(read.curve) == CURVE_BYTES:
            curves[read.symbol][read.day_ms] = read.curve
    return curves


def usual_curve(curves: Mapping[int, bytes], shares: Mapping[int, float]) -> bytes | None:
    """Return the mean curve of the days in ``shares``; None where one of their curves is not known.

    Args:
        curves: A symbol's curves by day.
        shares: By day, how many shares of today one share of then is.
    """
    if not shares or shares.keys() - curves.keys():
        return None
    return mean_curve([(curves[day], of_today) for day, of_today in shares.items()])
