"""The Redis keys that clients read: one catalogue for emitters, the WDS allow-list and the docs.

A feed's key is also the channel on which its changes are published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

SECOND: Final = 1
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

SCREENER_NAME: Final = re.compile(r"[a-z0-9_]{1,64}")
"""How user-defined boards may be named."""


class Kind(StrEnum):
    """How a feed is kept in Redis."""

    LATEST = "latest"
    """A string: the newest value replaces the one before."""
    LIST = "list"
    """A list, newest entry first, bounded."""


class Database(StrEnum):
    """Which Redis database holds a feed."""

    MARKET = "mdc"
    """Market data cache: the vendor's newest raw events."""
    WIDGET = "wdc"
    """Widget data cache: what the platform computes."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, or a family of feeds with one symbol in the name.

    Attributes:
        pattern: The key, with ``{}`` where a symbol stands.
        kind: Latest value or list.
        ttl: Seconds after the last write until the key expires.
        database: The Redis database that holds it.
        bound: Most entries of a list; 1 for a latest value.
        names: What may stand in the place of ``{}``; None for anything.
        is_board: Whether the value is an array of rows, each with a symbol of its own.
        about: What it holds, in one line, for those who read the catalogue.
        period_s: While the market is open it is written this often, in seconds; None where nothing can be
            expected.
    """

    pattern: str
    kind: Kind
    ttl: int
    database: Database = Database.WIDGET
    bound: int = 1
    names: re.Pattern[str] | None = None
    is_board: bool = False
    about: str = field(default="", compare=False, kw_only=True)
    period_s: float | None = field(default=None, compare=False, kw_only=True)

    def key(self, symbol: str | None = None) -> str:
        """Return the Redis key, for ``symbol`` where the feed is one of a family.

        Raises:
            ValueError: A symbol is missing, or given to a feed that has none.
        """
        if ("{}" in self.pattern) != (symbol is not None):
            raise ValueError(f"feed {self.pattern!r} used with symbol {symbol!r}")
        return self.pattern if symbol is None else self.pattern.replace("{}", symbol, 1)

    def matches(self, key: str) -> bool:
        """Tell whether ``key`` is this feed's key, or one of its family's."""
        head, family, tail = self.pattern.partition("{}")
        if not family:
            return key == head
        if len(key) <= len(head) + len(tail) or not (key.startswith(head) and key.endswith(tail)):
            return False
        return self.names is None or bool(self.names.fullmatch(key, len(head), len(key) - len(tail)))


AGGREGATE: Final = Feed(
    "stocks:agg:{}",
    Kind.LATEST,
    5 * MINUTE,
    Database.MARKET,
    about="the newest second or minute bar of a symbol, as the vendor sent it",
)
TRADE: Final = Feed(
    "stocks:trades:{}",
    Kind.LATEST,
    HOUR,
    Database.MARKET,
    about="the newest trade of a symbol, as the vendor sent it",
)
QUOTE_NBBO: Final = Feed(
    "stocks:quotes:{}",
    Kind.LATEST,
    HOUR,
    Database.MARKET,
    about="the newest best bid and offer of a symbol, as the vendor sent it",
)
LULD: Final = Feed(
    "stocks:luld:{}",
    Kind.LATEST,
    DAY,
    Database.MARKET,
    about="the newest price bands and halt state of a symbol, as the vendor sent it",
)
TOP_VOLUME: Final = Feed(
    "scanners:top_volume",
    Kind.LATEST,
    4 * DAY,
    is_board=True,
    about="board: the 500 symbols of most volume today",
    period_s=1,
)
TOP_GAPPERS: Final = Feed(
    "scanners:top_gappers",
    Kind.LATEST,
    4 * DAY,
    is_board=True,
    about="board: the 500 symbols furthest above their previous close",
    period_s=1,
)
TOP_GAINERS: Final = Feed(
    "scanners:top_gainers",
    Kind.LATEST,
    4 * DAY,
    is_board=True,
    about="board: the 500 symbols furthest above their first price of the session",
    period_s=1,
)
SCREENER: Final = Feed(
    "scanners:{}",
    Kind.LATEST,
    4 * DAY,
    names=SCREENER_NAME,
    is_board=True,
    about="board of a user-defined screener",
)
"""A user-defined board; its name stands where families have a symbol."""
QUOTE: Final = Feed("quote:{}", Kind.LATEST, 4 * DAY, about="the row of a symbol: price, volume, change")
DAILY_RANGE: Final = Feed(
    "daily_range:{}", Kind.LATEST, 4 * DAY, about="the row of a symbol with the high and low of each session"
)
HIGH_ALERT: Final = Feed(
    "daily_range_hod_alert",
    Kind.LIST,
    8 * HOUR,
    bound=1_000,
    about="alerts: a symbol broke its session's high",
)
LOW_ALERT: Final = Feed(
    "daily_range_lod_alert",
    Kind.LIST,
    8 * HOUR,
    bound=1_000,
    about="alerts: a symbol broke its session's low",
)
HALTS_LATEST: Final = Feed(
    "halts:latest", Kind.LIST, DAY, bound=1_000, about="halts and resumptions of all symbols"
)
TOP_TRADES_ALL: Final = Feed(
    "tta:all_symbols:widget",
    Kind.LATEST,
    MINUTE,
    about="statistics of the last trades, all symbols",
    period_s=5,
)
TOP_TRADES: Final = Feed("tta:{}:widget", Kind.LATEST, MINUTE, about="the largest of a symbol's last trades")
NEWS_LATEST: Final = Feed(
    "news:feed:latest", Kind.LIST, 2 * DAY, bound=10_000, about="articles of all symbols"
)
NEWS_TICKER: Final = Feed(
    "news:ticker:{}", Kind.LIST, 7 * DAY, bound=100, about="articles that name a symbol"
)
MARKET_CALENDAR: Final = Feed(
    "market:calendar",
    Kind.LATEST,
    4 * DAY,
    about="today's and the next day's sessions, and the state of the market",
)
NEWS_RECENT: Final = Feed("news:recent", Kind.LATEST, 7 * DAY, about="when each symbol was last in the news")
BARS_MINUTE: Final = Feed(
    "bars:1m:{}", Kind.LIST, 4 * DAY, bound=960, about="minute bars of a symbol's newest day"
)
"""A symbol's minute bars of its newest day, 04:00 to 20:00 ET: ``{t, o, h, l, c, v, vw, final}``.

The newest stands first and is the running minute, until it is ``final``. What is published is one bar that
has changed, to be merged by its ``t`` (start, ms): the running one once a second at most, and each late or
corrected one. One whose ``t`` is of a later day than the bars before it begins the list anew.
"""
BARS_5_MINUTES: Final = Feed(
    "bars:5m:{}", Kind.LIST, 4 * DAY, bound=192, about="5-minute bars of a symbol's newest day"
)
"""Likewise of 5 minutes, aligned to the clock in New York; the running one every 5 seconds at most."""
BARS_15_MINUTES: Final = Feed(
    "bars:15m:{}", Kind.LIST, 4 * DAY, bound=64, about="15-minute bars of a symbol's newest day"
)
"""Likewise of 15 minutes and of hours; the running one every 15 seconds at most."""
BARS_HOUR: Final = Feed(
    "bars:1h:{}", Kind.LIST, 4 * DAY, bound=16, about="hourly bars of a symbol's newest day"
)
COMPANY_OVERVIEW: Final = Feed("enrichment:overview:{}", Kind.LATEST, 30 * DAY, about="who a company is")
COMPANY_LOGO: Final = Feed("enrichment:logo:{}", Kind.LATEST, 30 * DAY, about="a company's logo")
COMPANY_NEWS: Final = Feed(
    "enrichment:news:{}", Kind.LATEST, 15 * MINUTE, about="articles about a symbol from the vendor's archive"
)
SHORT_INTEREST: Final = Feed(
    "enrichment:short_interest:{}", Kind.LATEST, DAY, about="shares of a symbol that are sold short"
)
SHORT_VOLUME: Final = Feed(
    "enrichment:short_volume:{}", Kind.LATEST, DAY, about="a session's short sales of a symbol"
)

CATALOGUE: Final = (
    AGGREGATE,
    TRADE,
    QUOTE_NBBO,
    LULD,
    TOP_VOLUME,
    TOP_GAPPERS,
    TOP_GAINERS,
    SCREENER,
    QUOTE,
    DAILY_RANGE,
    HIGH_ALERT,
    LOW_ALERT,
    HALTS_LATEST,
    TOP_TRADES_ALL,
    TOP_TRADES,
    NEWS_LATEST,
    NEWS_TICKER,
    NEWS_RECENT,
    MARKET_CALENDAR,
    BARS_MINUTE,
    BARS_5_MINUTES,
    BARS_15_MINUTES,
    BARS_HOUR,
    COMPANY_OVERVIEW,
    COMPANY_LOGO,
    COMPANY_NEWS,
    SHORT_INTEREST,
    SHORT_VOLUME,
)
"""Every feed that a client may read. A fixed key stands before the family that it resembles."""


def marks_channel(database: Database) -> str:
    """Return the channel, for the platform alone, on which workers say which batches they have published."""
    return f"streams:marks:{database}"


class Mark(msgspec.Struct):
    """All values that come of some batches have been published before this.

    Attributes:
        app: Whose they are.
        received_ms: When the oldest of those batches was received, ms since 1970 UTC.
        published_ns: When this was published, ns since 1970 UTC.
        traceparent: The trace of one of them, None where none is traced.
    """

    app: str
    received_ms: int
    published_ns: int
    traceparent: str | None = None


def feed_of_key(key: str) -> Feed | None:
    """Return the feed whose key this is, or None where the catalogue has none."""
    return next((feed for feed in CATALOGUE if feed.matches(key)), None)
