"""What clients would read: the feeds as Redis holds them, in comparable items."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from streams import feeds
from streams.feeds import Database, Kind

TIMED: Final = (feeds.MARKET_CALENDAR, feeds.TOP_TRADES)
"""Feeds that follow the wall clock, so that two runs do not agree on them: the calendar, and each symbol's
top trades, which stay for a minute when it is no longer among the first hundred (all's are compared)."""
BOARD_PREFIX: Final = "scanners:"
SCAN: Final = 5_000
DIGEST_BYTES: Final = 12

Value = bytes | list[bytes]
"""What a key holds: one value, or the entries of a list."""
Identity = tuple[str, str]
"""A key, and which of its entries: a symbol of many, an article's link, an alert's symbol and digest."""
Results = dict[Identity, Counter[bytes]]
"""How often each value of an identity is there; values as digests, for a run compares a million of them."""

_decode: Final = msgspec.json.decode
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


async def read_results(market: Redis, widgets: Redis) -> Results:
    """Return all that the two databases hold, except what follows the wall clock.

    Args:
        market: The database of the newest raw events.
        widgets: The database of the widget feeds.
    """
    found: list[tuple[str, Value]] = []
    for database, redis in ((Database.MARKET, market), (Database.WIDGET, widgets)):
        keys = sorted([key.decode() async for key in redis.scan_iter(count=SCAN)])
        known = [(key, feed) for key in keys if (feed := feeds.feed_of_key(key)) and feed not in TIMED]
        of_database = [(key, feed) for key, feed in known if feed.database is database]
        async with redis.pipeline(transaction=False) as pipe:
            for key, feed in of_database:
                _ = pipe.get(key) if feed.kind is Kind.LATEST else pipe.lrange(key, 0, -1)
            values = await pipe.execute()
        found += [
            (key, value) for (key, _), value in zip(of_database, values, strict=True) if value is not None
        ]
    return await asyncio.to_thread(results_of, found)


def results_of(values: Iterable[tuple[str, Value]]) -> Results:
    """Return the results that keys with these values are."""
    results: Results = defaultdict(Counter)
    for key, value in values:
        for identity, entry in _items(key, value):
            results[identity][_digest(entry)] += 1
    return dict(results)


def _items(key: str, value: Value) -> Iterator[tuple[Identity, bytes]]:
    if isinstance(value, list):
        for entry in value:
            yield _entry(key, _decode(entry))
    elif key.startswith(BOARD_PREFIX):
        for row in _decode(value):
            yield (key, str(row.get("symbol"))), _encode(row)
    elif key == feeds.TOP_TRADES_ALL.key():
        for symbol, stats in _decode(value)["symbols"].items():
            yield (key, symbol), _encode(stats)
    else:
        # Objects by symbol may have their symbols in any order.
        yield (key, ""), _encode(_decode(value))


def _entry(key: str, entry: dict[str, Any]) -> tuple[Identity, bytes]:
    if "link" in entry:
        return (key, str(entry["link"])), _encode(entry)
    # An alert's id names the record that raised it, and batches are never cut twice at the same place.
    text = _encode({name: value for name, value in entry.items() if name != "id"})
    return (key, f"{entry.get('symbol')} {_digest(text).hex()}"), text


def _digest(value: bytes) -> bytes:
    return blake2b(value, digest_size=DIGEST_BYTES).digest()
