"""Records of topics as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from streams.inspection import times
from streams.inspection.answer import Answer
from streams.inspection.told import Told

LONGEST_VALUE: Final = 160
"""Characters of a value that are shown: --json has it whole."""


def columns(record: Told) -> Iterator[str]:
    """Yield where a record lies, when it came, how large it is, and how it begins."""
    yield f"{record.partition}@{record.offset}"
    yield "no time" if record.time_ms is None else times.told(record.time_ms)
    yield f"{record.size} B"
    if record.events is not None:
        share = "" if record.concerned is None else f"{record.concerned} of "
        yield f"{share}{record.events} events"
    if record.key is not None:
        yield f"key {record.key}"
    text = "" if record.value is None else _text(record.value)
    yield text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
    if record.why is not None:
        yield f"({record.why})"


def remarks(answer: Answer) -> Iterator[str]:
    """Yield what is to be known beside the records."""
    yield from answer.notes
    for partition in answer.partitions:
        if partition.problem is not None:
            yield f"partition {partition.partition}: {partition.problem}"
    if answer.stopped is not None:
        yield answer.stopped


def _text(value: object) -> str:
    whole = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return " ".join(whole.split())
