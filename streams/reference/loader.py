"""Loads the whole market's reference data into md.reference, for the trading day to come or under way.

What the vendor has sent is kept on disk. Bars of past sessions are kept as long as they are averaged: asked
for as they were traded, they change no more. All else, and bars asked for on their own day, counts for the
rest of that day. So a load that was ended goes on where it was; the next day's asks for one session's bars.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from streams.errors import StreamsError, UnavailableError
from streams.records import partition_of
from streams.reference.averages import AVERAGED_SESSIONS, PastSession, assemble
from streams.reference.calls import VendorCalls
from streams.reference.kept_pages import KeptPages
from streams.reference.massive import MassiveReference
from streams.reference.model import Reference
from streams.reference.past_curves import CURVE_SESSIONS, PastCurves, read_curves, usual_curve
from streams.reference.schedule import day_to_load
from streams.reference.splits import Splits
from streams.reference.watch import Silent, Watch
from streams.sessions import MarketCalendar, TradingDay
from streams.settings import Settings
from streams.topics import REFERENCE
from streams.writer import RecordWriter

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 3
"""How often a partition's records are tried."""
FOLDER: Final = "reference-pages"


class Collected(NamedTuple):
    """What the vendor knows for a trading day.

    Attributes:
        day: The day.
        references: Reference data by symbol.
        previous: The session before it.
        has_previous: Whether the vendor has that session's bars.
    """

    day: TradingDay
    references: list[Reference]
    previous: date
    has_previous: bool


async def load_reference(settings: Settings, watch: Watch | None = None, *, fresh: bool = False) -> Collected:
    """Fetch reference data of all symbols and write it to md.reference.

    Args:
        settings: The vendor and Kafka.
        watch: Told how it goes on.
        fresh: Fetch what is kept, too.

    Returns:
        What was written: no references where the vendor knows none.

    Raises:
        StreamsError: The vendor or Kafka does not answer, or the vendor refuses.
    """
    watch = watch or Silent()
    collected = await collect(settings, watch, functools.partial(read_curves, settings), fresh=fresh)
    await _write(settings, collected.references, watch)
    logger.info("reference data of %d symbols for %s", len(collected.references), collected.day.date)
    return collected


async def collect(
    settings: Settings,
    watch: Watch,
    curves: Callable[[Collection[int]], Awaitable[PastCurves]],
    *,
    fresh: bool = False,
) -> Collected:
    """Fetch reference data of all symbols.

    Args:
        settings: The vendor.
        watch: Told how it goes on.
        curves: Returns the curves of days, given by their starts (ms since 1970 UTC).
        fresh: Fetch what is kept, too.

    Raises:
        StreamsError: The vendor does not answer, or refuses.
    """
    pages = KeptPages(
        settings.data_dir / FOLDER / quote(settings.massive_rest_url.partition("://")[2], safe=""), watch
    )
    vendor, calendar = MassiveReference(VendorCalls(settings, watch), pages, watch), MarketCalendar()
    now_ms = await vendor.now_ms()
    asked_on, day = calendar.date_at(now_ms), day_to_load(calendar, now_ms)
    if fresh:
        await asyncio.to_thread(pages.keep_only, ())
    days = _sessions_before(calendar, day.date)
    of_today = f"asked-on/{asked_on}"
    names = {each: f"bars/{each}" if each < asked_on else f"{of_today}/bars-of-{each}" for each in days}
    done = 0

    async def session(each: date) -> PastSession:
        nonlocal done
        bars = await vendor.bars(names[each], each)
        done += 1
        watch.step("sessions", done, len(days))
        return PastSession(each, bars)

    splits_name, floats_name, listings_name = (
        f"{of_today}/{what}" for what in (f"splits-to-{day.date}", "floats", "tickers")
    )
    splits, floats, listings, *sessions = await _together(
        vendor.splits(splits_name, days[-1], day.date),
        vendor.floats(floats_name),
        vendor.listings(listings_name),
        *map(session, days),
    )
    await asyncio.to_thread(pages.keep_only, (*names.values(), splits_name, floats_name, listings_name))
    known = Splits(splits, day.date)
    compared = {calendar.day(each).start_ms: each for each in days[:CURVE_SESSIONS]}
    usual = _usual_curves(await curves(compared.keys()), compared, known)
    references = list(assemble(day.start_ms, sessions, known, floats, listings, usual))
    return Collected(day, references, days[0], bool(sessions[0].bars))


def _usual_curves(curves: PastCurves, days: Mapping[int, date], splits: Splits) -> dict[str, bytes]:
    usual = {}
    for symbol, of_days in curves.items():
        shares = {start_ms: splits.shares(symbol, day) for start_ms, day in days.items()}
        curve = usual_curve(of_days, shares)
        if curve is not None:
            usual[symbol] = curve
    return usual


async def _together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Do all of ``work`` at the same time; what fails first ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failed:
        errors, others = failed.split(StreamsError)
        if errors is None or others is not None:
            raise
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _sessions_before(calendar: MarketCalendar, day: date) -> list[date]:
    days = []
    for _ in range(AVERAGED_SESSIONS):
        day = calendar.previous_session(day)
        days.append(day)
    return days


async def _write(settings: Settings, references: Sequence[Reference], watch: Watch) -> None:
    by_partition: defaultdict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
    partitions = settings.partitions(REFERENCE)
    for reference in references:
        partition = partition_of(reference.symbol, partitions)
        by_partition[partition].append((reference.symbol.encode(), msgspec.json.encode(reference)))
    writer = RecordWriter(settings)
    written = 0
    try:
        for partition, records in by_partition.items():
            for _ in range(ATTEMPTS):
                if await writer.write(settings.topic(REFERENCE), partition, records) is not None:
                    break
            else:
                raise UnavailableError(
                    f"Kafka at {settings.kafka_bootstrap} does not take reference data: check KAFKA_BOOTSTRAP"
                )
            written += len(records)
            watch.step("written", written, len(references))
    finally:
        await writer.close()
