"""All that md.reference holds, for backtests."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from streams.reference.model import Reference
from streams.reference.whole_topic import read_partitions
from streams.settings import Settings
from streams.topics import REFERENCE

Known = dict[str, dict[int, Reference]]
"""Reference data by symbol and day."""


class Dump(NamedTuple):
    """What md.reference holds.

    Attributes:
        references: Of each symbol and day the newest, in the order of both.
        rejected: How many records were no reference data.
    """

    references: list[Reference]
    rejected: int


async def read_all(settings: Settings) -> Dump:
    """Return what md.reference holds: of a symbol that was deleted, only what came after.

    Days before the newest are there until Kafka compacts the topic.

    Raises:
        UnavailableError: Kafka does not answer, or has no such topic.
    """
    known: Known = {}
    rejected = 0
    topic, partitions = settings.topic(REFERENCE), range(settings.partitions(REFERENCE))
    async for record in read_partitions(settings, topic, partitions):
        if record.value is None:
            known.pop((record.key or b"").decode(errors="replace"), None)
            continue
        try:
            reference = msgspec.json.decode(record.value, type=Reference)
        except (msgspec.DecodeError, UnicodeDecodeError):
            rejected += 1
            continue
        known.setdefault(reference.symbol, {})[reference.day_ms] = reference
    references = [days[day_ms] for _, days in sorted(known.items()) for day_ms in sorted(days)]
    return Dump(references, rejected)
