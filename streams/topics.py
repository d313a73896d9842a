"""The Kafka topics of the platform: one catalogue, from which every other list is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
MAX_SEGMENT_MS: Final = 10 * MINUTE_MS
"""Upper bound of a segment's age. A broker deletes whole closed segments only."""
MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""Largest record batch of every topic, in bytes."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One Kafka topic, named without the installation's prefix.

    Attributes:
        suffix: The name after the prefix, such as ``trades`` of ``md.trades``.
        about: What a record is, in one line, for those who read the catalogue.
        retention_ms: How long records are kept, in ms; None keeps them for good.
        compact: Whether the newest record of each key is kept for good instead.
        single_partition: Whether the topic has one partition whatever the setting.
        by_symbol: Whether what concerns a symbol is in that symbol's partition (`records.partition_of`).
        events: The vendor's event types (``ev``) that the topic holds.
    """

    suffix: str
    about: str
    retention_ms: int | None
    compact: bool = False
    single_partition: bool = False
    by_symbol: bool = False
    events: frozenset[str] = field(default_factory=frozenset)

    @property
    def segment_ms(self) -> int:
        """How long a segment stays open, in ms: short, so that short retention takes effect."""
        if self.retention_ms is None:
            return MAX_SEGMENT_MS
        return min(MAX_SEGMENT_MS, max(MINUTE_MS, self.retention_ms // 5))


TRADES: Final = Topic(
    "trades",
    "an array of trades, as received",
    15 * MINUTE_MS,
    by_symbol=True,
    events=frozenset({"T", "XT"}),
)
QUOTES: Final = Topic(
    "quotes",
    "an array of quotes, as received",
    5 * MINUTE_MS,
    by_symbol=True,
    events=frozenset({"Q", "XQ", "C"}),
)
AGGREGATES: Final = Topic(
    "aggregates",
    "an array of bars of a second or a minute, as received",
    15 * MINUTE_MS,
    by_symbol=True,
    events=frozenset({"A", "AM", "XA", "CA"}),
)
HALTS: Final = Topic(
    "halts",
    "an array of LULD messages, as received",
    24 * HOUR_MS,
    by_symbol=True,
    events=frozenset({"LULD"}),
)
NEWS: Final = Topic("news", "one article, by its link", 24 * HOUR_MS)
NEWS_FILED: Final = Topic(
    "news-filed", "one article for all lists that it is in", 24 * HOUR_MS, single_partition=True
)
UNKNOWN: Final = Topic("unknown", "whatever else arrived, verbatim", HOUR_MS)
REFERENCE: Final = Topic(
    "reference", "what is known of a symbol for a day", None, compact=True, by_symbol=True
)
ALERTS: Final = Topic("alerts", "one alert: a broken range, or a halt", 24 * HOUR_MS, by_symbol=True)
VOLUME_CURVES: Final = Topic(
    "volume-curves",
    "a symbol's volume of a session, minute by minute",
    None,
    compact=True,
    by_symbol=True,
)
SCREENERS: Final = Topic(
    "screeners", "the definitions of all users' boards", None, compact=True, single_partition=True
)
SCANNER_PARTIALS: Final = Topic(
    "scanner-partials",
    "the first rows of each board, of one partition",
    15 * MINUTE_MS,
    single_partition=True,
)
TRADES_PARTIALS: Final = Topic(
    "trades-partials", "top trades of one partition", 15 * MINUTE_MS, single_partition=True
)
HALTS_PARTIALS: Final = Topic(
    "halts-partials", "the newest halts of one partition", 15 * MINUTE_MS, single_partition=True
)

CATALOGUE: Final = (
    TRADES,
    QUOTES,
    AGGREGATES,
    HALTS,
    NEWS,
    UNKNOWN,
    VOLUME_CURVES,
    REFERENCE,
    ALERTS,
    SCREENERS,
    SCANNER_PARTIALS,
    TRADES_PARTIALS,
    HALTS_PARTIALS,
    NEWS_FILED,
)
"""Every topic, in the order of the flow."""

_TOPIC_OF_EVENT: Final = {ev: topic for topic in CATALOGUE for ev in topic.events}


def topic_of_event(ev: str) -> Topic:
    """Return the topic that holds events of the vendor's type ``ev``; UNKNOWN for others."""
    return _TOPIC_OF_EVENT.get(ev, UNKNOWN)
