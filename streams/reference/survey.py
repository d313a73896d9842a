"""How much md.reference covers now."""

from __future__ import annotations

from streams.reference.coverage import Coverage, Tally
from streams.reference.whole_topic import read_partitions
from streams.settings import Settings
from streams.topics import REFERENCE


async def survey(settings: Settings) -> Coverage:
    """Read all of md.reference and count it.

    Raises:
        UnavailableError: Kafka does not answer, or has no such topic.
    """
    tally = Tally()
    topic, partitions = settings.topic(REFERENCE), range(settings.partitions(REFERENCE))
    async for record in read_partitions(settings, topic, partitions):
        tally.take(record.key, record.value, record.timestamp)
    return tally.coverage()
