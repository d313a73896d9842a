"""Loads the whole market's reference data into md.reference, for the trading day to come or under way."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from datetime import date
from typing import Final

import msgspec

from streams.errors import UnavailableError
from streams.records import partition_of
from streams.reference.averages import AVERAGED_SESSIONS, assemble
from streams.reference.massive import MassiveReference
from streams.reference.model import Reference
from streams.sessions import MarketCalendar, TradingDay
from streams.settings import Settings
from streams.topics import REFERENCE
from streams.writer import RecordWriter

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 3
"""How often a partition's records are tried."""


def day_to_load(calendar: MarketCalendar, now_ms: int) -> TradingDay:
    """Return the trading day to load for: today's until 20:00 ET, else the next session's."""
    day = calendar.date_at(now_ms)
    today = calendar.day(day)
    if today.is_session and now_ms < today.after_hours_end_ms:
        return today
    return calendar.day(calendar.next_session(day))


async def load_reference(settings: Settings) -> int:
    """Fetch reference data of all symbols and write it to md.reference.

    Returns:
        How many symbols were written: 0 where the vendor knows none.

    Raises:
        StreamsError: The vendor or Kafka does not answer, or the vendor refuses.
    """
    vendor, calendar = MassiveReference(settings), MarketCalendar()
    day = day_to_load(calendar, await vendor.now_ms())
    days = _sessions_before(calendar, day.date)
    floats, sessions = await asyncio.gather(
        vendor.floats(), asyncio.gather(*(vendor.bars(each) for each in days))
    )
    references = list(assemble(day.start_ms, sessions, floats))
    await _write(settings, references)
    logger.info("reference data of %d symbols for %s", len(references), day.date)
    return len(references)


def _sessions_before(calendar: MarketCalendar, day: date) -> list[date]:
    days = []
    for _ in range(AVERAGED_SESSIONS):
        day = calendar.previous_session(day)
        days.append(day)
    return days


async def _write(settings: Settings, references: list[Reference]) -> None:
    by_partition: defaultdict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
    partitions = settings.partitions(REFERENCE)
    for reference in references:
        partition = partition_of(reference.symbol, partitions)
        by_partition[partition].append((reference.symbol.encode(), msgspec.json.encode(reference)))
    writer = RecordWriter(settings)
    try:
        for partition, records in by_partition.items():
            for _ in range(ATTEMPTS):
                if await writer.write(settings.topic(REFERENCE), partition, records) is not None:
                    break
            else:
                raise UnavailableError(
                    f"Kafka at {settings.kafka_bootstrap} does not take reference data: check KAFKA_BOOTSTRAP"
                )
    finally:
        await writer.close()
