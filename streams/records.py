"""Market data records: micro-batches of the vendor's events, as the topics hold them.

A record's value is a JSON array of event objects, bytes unchanged, all of one type and one partition, in
arrival order. Its headers say when the first of them was received and from which source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast

from aiokafka.partitioner import murmur2

RECEIVED_NS: Final = "received_ns"
"""Header: time of receipt, ns since 1970 UTC, as decimal digits."""
SOURCE: Final = "source"
"""Header: the listener's name, such as ``massive``."""
TRACEPARENT: Final = "traceparent"
"""Header of the few records that are traced (W3C Trace Context), see `streams.tracing`."""

Headers = list[tuple[str, bytes]]


def partition_of(symbol: str, partitions: int) -> int:
    """Return the partition of ``symbol`` among ``partitions``.

    It is that of Kafka's default partitioner for a record keyed by the symbol's UTF-8 bytes
    (``toPositive(murmur2(key)) % partitions``), so that batches, reference data and the tables'
    changelogs are co-partitioned.
    """
    hashed: int = murmur2(symbol.encode("utf-8", "surrogatepass"))
    return (hashed & 0x7FFFFFFF) % partitions


def join(events: Iterable[bytes]) -> bytes:
    """Return the record value that holds ``events``, each one JSON object."""
    return b"[" + b",".join(events) + b"]"


def headers(received_ns: int, source: str, traceparent: str | None = None) -> Headers:
    """Return a record's headers; ``received_ns`` is ns since 1970 UTC."""
    known = [(RECEIVED_NS, b"%d" % received_ns), (SOURCE, source.encode())]
    if traceparent is not None:
        known.append((TRACEPARENT, traceparent.encode()))
    return known


def traceparent(record_headers: object) -> str | None:
    """Return the trace that a record belongs to by its headers, None where it is not traced."""
    for name, value in cast("Sequence[tuple[str, bytes]] | None", record_headers) or ():
        if name == TRACEPARENT:
            return str(value, "ascii", "replace")
    return None


def received_ms(record_headers: object) -> int | None:
    """Return the time of receipt (ms since 1970 UTC) in a record's headers, None where there is none.

    Args:
        record_headers: Pairs of a name and its bytes, or None; Faust's type promises mappings too.
    """
    for name, value in cast("Sequence[tuple[str, bytes]] | None", record_headers) or ():
        if name == RECEIVED_NS:
            return int(value) // 1_000_000 if value.isdigit() else None
    return None
