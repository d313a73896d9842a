"""The Redis commands of an emitter: many values in one script call, so that each value is sent once.

A script call of about 64 KiB costs the emitter a third less CPU than SET and PUBLISH for each value, packed
as barely as can be, and Redis a quarter more (benchmarks/emit.py). Calls stay small because Lua keeps every
value in a table whose hash looks at some of its characters only: among many that are much alike it is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import hiredis

from streams.emit.lists import Amendment
from streams.feeds import Feed

Entry = tuple[str | None, bytes]
"""A symbol (None for a feed that is no family) and the value for it."""

CALL_BYTES: Final = 64 * 1024
"""A script call is closed at this size …"""
CALL_VALUES: Final = 500
"""… or at this many values."""

_pack: Final[Callable[[tuple[bytes | int, ...]], bytes]] = hiredis.pack_command  # type: ignore[assignment]
"""Packs one command; the library's stub says that it takes one argument only."""

SET_SCRIPT: Final = b"""
local ttl = ARGV[1]
for i = 2, #ARGV, 2 do
  redis.call('SET', ARGV[i], ARGV[i + 1], 'EX', ttl)
  redis.call('PUBLISH', ARGV[i], ARGV[i + 1])
end"""
# A key of another type than a list is a leftover: it would refuse every entry for ever.
PUSH_SCRIPT: Final = b"""
local ttl, last = ARGV[1], ARGV[2] - 1
for i = 3, #ARGV, 2 do
  local key = ARGV[i]
  if redis.call('TYPE', key).ok ~= 'list' then redis.call('DEL', key) end
  redis.call('LPUSH', key, ARGV[i + 1])
  redis.call('LTRIM', key, 0, last)
  redis.call('EXPIRE', key, ttl)
  redis.call('PUBLISH', key, ARGV[i + 1])
end"""
# Whoever else has changed the list, or emptied it, is noticed by its length and the entry that should stay.
AMEND_SCRIPT: Final = b"""
local key, ttl, known, drop, last = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] - 1
if drop < 0 then
  redis.call('DEL', key)
else
  if redis.call('TYPE', key).ok ~= 'list' or redis.call('LLEN', key) ~= known
    or redis.call('LINDEX', key, drop) ~= ARGV[6] then return 0 end
  redis.call('LTRIM', key, drop, -1)
end
for i = 7, #ARGV, 2 do
  redis.call('LPUSH', key, ARGV[i + 1])
end
redis.call('LTRIM', key, 0, last)
redis.call('EXPIRE', key, ttl)
for i = 7, #ARGV, 2 do
  if ARGV[i] == '1' then redis.call('PUBLISH', key, ARGV[i + 1]) end
end
return 1"""
# A key that every writer sets: where it is gone, so is everything else.
PRESENCE_SCRIPT: Final = b"""
local was = redis.call('EXISTS', KEYS[1])
redis.call('SET', KEYS[1], '1', 'EX', 60)
return was"""


@dataclass(frozen=True, slots=True)
class Call:
    """One script call, packed for the wire.

    Attributes:
        packed: The command's bytes.
        values: How many values it holds.
    """

    packed: bytes
    values: int


def set_calls(feed: Feed, entries: Iterable[Entry], bad: list[Entry]) -> Iterator[Call]:
    """Yield the calls that set and publish ``entries`` of a latest-value feed.

    Entries whose key has no UTF-8 form (a lone surrogate) go to ``bad`` instead.
    """
    return _calls(feed, [b"EVAL", SET_SCRIPT, 0, feed.ttl], entries, bad)


def push_calls(feed: Feed, entries: Iterable[Entry], bad: list[Entry]) -> Iterator[Call]:
    """Yield the calls that push and publish ``entries`` of a list feed, in order; ``bad`` as for sets."""
    return _calls(feed, [b"EVAL", PUSH_SCRIPT, 0, feed.ttl, feed.bound], entries, bad)


def list_key(feed: Feed, symbol: str | None) -> bytes:
    """Return a list's key.

    Raises:
        UnicodeEncodeError: The symbol has no UTF-8 form.
    """
    return feed.key(symbol).encode()


def range_call(key: bytes) -> bytes:
    """Return the call that answers a whole list, newest first."""
    return _pack((b"LRANGE", key, 0, -1))


def amend_call(key: bytes, ttl: int, change: Amendment, sizes: tuple[int, int], news: set[bytes]) -> bytes:
    """Return the call that amends a list all at once and publishes ``news`` of what it adds, oldest first.

    Redis answers 0, and changes nothing, where the list is not the one that was meant.

    Args:
        key: The list's key.
        ttl: Seconds until it expires.
        change: The amendment.
        sizes: How many entries the list has before and after it.
        news: What subscribers are to be sent.
    """
    before, after = sizes
    arguments: list[bytes | int] = [
        b"EVAL", AMEND_SCRIPT, 0, key, ttl, before, change.drop, after, change.base
    ]  # fmt: skip
    for value in change.added:
        arguments += (b"1" if value in news else b"0", value)
    return _pack(tuple(arguments))


def presence_call(name: str) -> bytes:
    """Return the call that answers whether Redis still has the key ``name``, and sets it."""
    return _pack((b"EVAL", PRESENCE_SCRIPT, 1, name.encode()))


def publish_call(channel: str, payload: bytes) -> bytes:
    """Return the call that publishes a payload without keeping it."""
    return _pack((b"PUBLISH", channel.encode(), payload))


TIME_CALL: Final = _pack((b"TIME",))
"""The call that answers Redis's clock: seconds since 1970 UTC, and microseconds."""


def _calls(feed: Feed, head: list[bytes | int], entries: Iterable[Entry], bad: list[Entry]) -> Iterator[Call]:
    # Hot: runs for each value of each flush.
    prefix, _, suffix = feed.pattern.partition("{}")
    pack = _pack
    arguments: list[bytes | int] = list(head)
    size = values = 0
    for symbol, value in entries:
        try:
            key = (prefix + symbol + suffix if symbol is not None else prefix).encode()
        except UnicodeEncodeError:
            bad.append((symbol, value))
            continue
        arguments.append(key)
        arguments.append(value)
        size += len(value) + 32
        values += 1
        if size >= CALL_BYTES or values >= CALL_VALUES:
            yield Call(pack(tuple(arguments)), values)
            arguments = list(head)
            size = values = 0
    if values:
        yield Call(pack(tuple(arguments)), values)
