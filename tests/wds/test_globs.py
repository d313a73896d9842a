"""Globs, held against Redis's own."""

from __future__ import annotations

import time
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from streams import feeds
from streams.feeds import Feed
from streams.wds.globs import Glob, is_glob
from streams.wds.interests import interests, matching_feeds

KEYS = [
    "quote:A",
    "quote:AB",
    "quote:ABC",
    "quote:B",
    "quote:]",
    "quote:[",
    "quote:a-b",
    "quote:^",
    "q*",
    "quote:\\",
]
GLOBS = [
    "*",
    "quote:?",
    "quote:??",
    "quote:A*",
    "*B*",
    "*A*C",
    "quote:[AB]",
    "quote:[^A]",
    "quote:[A-Z]",
    "quote:[Z-A]",
    "quote:[A-Z]?*",
    "quote:[",
    "quote:[A",
    "quote:[^",
    "quote:[]",
    "quote:\\[",
    "quote:[\\]]",
    "quote:[a^]",
    "q\\*",
    "quote:\\",
    "quote:[a-]*",
    "",
    "**?**",
]


@pytest.mark.parametrize("glob", GLOBS)
async def test_a_glob_matches_what_redis_matches(wdc: Redis, glob: str) -> None:
    await wdc.mset(dict.fromkeys(KEYS, ""))
    expected = {str(key, "utf-8") for key in cast("list[bytes]", await wdc.keys(glob))}
    assert {key for key in KEYS if Glob(glob).matches(key)} == expected


@pytest.mark.parametrize(("glob", "feed", "expected"), [
    ("*", feeds.QUOTE, True),
    ("quote:*", feeds.QUOTE, True),
    ("quote:", feeds.QUOTE, False),
    ("quote?*", feeds.QUOTE, True),
    ("quotes:*", feeds.QUOTE, False),
    ("[p-r]uote:A", feeds.QUOTE, True),
    ("[^q]*", feeds.QUOTE, False),
    ("*:A:widget", feeds.TOP_TRADES, True),
    ("tta:*:gadget", feeds.TOP_TRADES, False),
    ("tta:*", feeds.TOP_TRADES_ALL, True),
    ("tta:A*", feeds.TOP_TRADES_ALL, False),
    ("*widget*widget", feeds.TOP_TRADES, True),
])  # fmt: skip
def test_a_glob_overlaps_a_family_if_it_may_match_one_of_its_keys(
    glob: str, feed: Feed, expected: bool
) -> None:
    assert (feed in matching_feeds(glob)) is expected


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(glob=st.text("tawidge:*?[]^-\\A", max_size=12), symbol=st.text("tawidge:A-]", min_size=1, max_size=6))
def test_a_glob_that_matches_a_key_overlaps_its_feed(glob: str, symbol: str) -> None:
    for feed in (feeds.QUOTE, feeds.TOP_TRADES):
        key = feed.key(symbol)
        if Glob(glob).matches(key):
            assert feed in matching_feeds(glob)


def test_many_stars_take_no_long_time() -> None:
    started = time.process_time()
    assert not Glob("*a" * 120 + "b").matches("a" * 250)
    assert feeds.QUOTE in matching_feeds("*a" * 120 + "*")
    assert time.process_time() - started < 5


def test_a_wildcard_is_subscribed_as_whole_families_of_the_catalogue() -> None:
    names = {interest.name for interest in interests("*")}
    assert names == {feed.pattern.replace("{}", "*") for feed in feeds.CATALOGUE}


def test_a_name_without_wildcards_is_no_glob() -> None:
    assert not is_glob("quote:BRK.A\\")
