"""What the platform has put into Redis, against what it should be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

from streams import feeds
from tests.integration.workers import eventually
from tests.scanner.brute_force import Json, Market


async def read_market(redis: Redis) -> Market:
    """Return the boards and all quotes that Redis holds."""
    prefix = feeds.QUOTE.key("")
    keys = [key async for key in redis.scan_iter(match=f"{prefix}*", count=5_000)]
    values = await redis.mget(keys) if keys else []
    quotes = {
        key.decode().removeprefix(prefix): json.loads(value)
        for key, value in zip(keys, values, strict=True)
        if value is not None
    }
    boards = await redis.mget(
        [feed.key() for feed in (feeds.TOP_VOLUME, feeds.TOP_GAPPERS, feeds.TOP_GAINERS)]
    )
    volume, gappers, gainers = (json.loads(board) if board else [] for board in boards)
    return Market(quotes, volume, gappers, gainers)


async def expect_market(redis: Redis, expected: Market, timeout_s: float = 60.0) -> None:
    """Wait until Redis holds exactly ``expected``.

    Raises:
        AssertionError: It does not; the message shows the first differences.
    """
    found = await read_market(redis)

    async def agrees() -> bool:
        nonlocal found
        found = await read_market(redis)
        return found == expected

    try:
        await eventually(agrees, timeout_s)
    except AssertionError:
        raise AssertionError(differences(found, expected)) from None


def differences(found: Market, expected: Market) -> str:
    """Return what differs, in a few lines."""
    lines = [_difference("quotes", found.quotes, expected.quotes)]
    for name in ("top_volume", "top_gappers", "top_gainers"):
        rows, wanted = getattr(found, name), getattr(expected, name)
        lines.append(f"{name}: {len(rows)} rows, expected {len(wanted)}")
        lines.append(_difference(name, dict(enumerate(rows, 1)), dict(enumerate(wanted, 1))))
    return "\n".join(lines)


def _difference(name: str, found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> str:
    wrong = [key for key in expected.keys() | found.keys() if found.get(key) != expected.get(key)]
    shown = [f"{key}: {_fields(found.get(key), expected.get(key))}" for key in sorted(wrong, key=str)[:2]]
    return f"{name}: {len(wrong)} differ {shown}"


def _fields(found: Json | None, expected: Json | None) -> object:
    if found is None or expected is None:
        return "missing" if found is None else "not expected"
    return {
        field: (found.get(field), expected.get(field))
        for field in expected.keys() | found.keys()
        if found.get(field) != expected.get(field)
    }
