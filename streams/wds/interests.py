"""What is subscribed in Redis for a client's subscription: catalogue feeds, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from streams import feeds
from streams.feeds import Database, Feed
from streams.wds import globs
from streams.wds.globs import ANY, Token
from streams.wds.overlap import Overlap

ROUTES_KEPT: Final = 65_536
GLOBS_KEPT: Final = 65_536


@dataclass(frozen=True, slots=True)
class Interest:
    """One subscription in Redis.

    Attributes:
        database: Whose Redis.
        name: A channel, or a whole family's pattern.
        is_family: Whether it is a pattern.
    """

    database: Database
    name: str
    is_family: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Where a channel belongs: its feed, and the family's pattern in Redis (None for a feed of its own)."""

    feed: Feed
    pattern: str | None


def family_pattern(feed: Feed) -> str | None:
    """Return the Redis pattern of a family's channels, None where the feed is no family."""
    return feed.pattern.replace("{}", "*", 1) if "{}" in feed.pattern else None


@lru_cache(maxsize=ROUTES_KEPT)
def route(channel: str) -> Route | None:
    """Return where a channel belongs; None where the catalogue does not have it."""
    feed = feeds.feed_of_key(channel)
    return None if feed is None else Route(feed, family_pattern(feed))


def interests(name: str) -> frozenset[Interest]:
    """Return what to subscribe for a client's feed name; nothing where it matches no catalogue feed."""
    if not globs.is_glob(name):
        where = route(name)
        return frozenset() if where is None else frozenset({Interest(where.feed.database, name)})
    return frozenset(_interest(feed) for feed in matching_feeds(name))


def feeds_of(name: str) -> list[Feed]:
    """Return the catalogue feeds that a feed name, or a glob, may mean."""
    if globs.is_glob(name):
        return [*matching_feeds(name)]
    where = route(name)
    return [] if where is None else [where.feed]


@lru_cache(maxsize=GLOBS_KEPT)
def matching_feeds(name: str) -> tuple[Feed, ...]:
    """Return the catalogue feeds of which a glob may match a key."""
    are_met = _catalogue().met_by(globs.compiled(name).tokens)
    return tuple(feed for feed, is_met in zip(feeds.CATALOGUE, are_met, strict=True) if is_met)


@lru_cache
def _catalogue() -> Overlap:
    return Overlap([_keys(feed) for feed in feeds.CATALOGUE])


def _keys(feed: Feed) -> list[Token]:
    """Return what the keys of a feed look like, as the places of a glob."""
    head, is_family, tail = feed.pattern.partition("{}")
    symbol: list[Token] = [ANY, None] if is_family else []
    return [*map(globs.literal, head), *symbol, *map(globs.literal, tail)]


@lru_cache
def _interest(feed: Feed) -> Interest:
    pattern = family_pattern(feed)
    return Interest(feed.database, pattern or feed.pattern, is_family=pattern is not None)
