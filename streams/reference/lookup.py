"""What md.reference holds of one symbol."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from streams.errors import BadInputError
from streams.records import partition_of
from streams.reference.model import Reference
from streams.reference.whole_topic import read_partitions
from streams.settings import Settings
from streams.topics import REFERENCE


class Found(NamedTuple):
    """A symbol's newest reference data, and when it was written: ms since 1970 UTC."""

    reference: Reference
    written_ms: int


async def look_up(settings: Settings, symbol: str) -> Found | None:
    """Return what md.reference holds of a symbol; None where it holds nothing.

    Raises:
        UnavailableError: Kafka does not answer, or has no such topic.
        BadInputError: What it holds is no reference data.
    """
    topic, key, newest = settings.topic(REFERENCE), symbol.encode(), None
    partition = partition_of(symbol, settings.partitions(REFERENCE))
    async for record in read_partitions(settings, topic, [partition]):
        if record.key == key:
            newest = record
    if newest is None or newest.value is None:
        return None
    try:
        return Found(msgspec.json.decode(newest.value, type=Reference), newest.timestamp)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"{topic} holds no reference data of {symbol}: {error}") from None
