"""Lists that grow by their newest entries: what follows their unchanged part is written anew.

For lists that are too many and too long to be kept here, whose producer can make any part of them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import hiredis

from streams.emit.commands import CALL_BYTES, CALL_VALUES
from streams.feeds import Feed

_pack: Final[Callable[[tuple[bytes | int, ...]], bytes]] = hiredis.pack_command  # type: ignore[assignment]

# A list that is shorter than what it should keep was emptied: it has to be written whole.
TAIL_SCRIPT: Final = b"""
local ttl, refused, i = ARGV[1], {}, 2
while i < #ARGV do
  local key, keep, last = ARGV[i], tonumber(ARGV[i + 1]), i + 2 + 2 * tonumber(ARGV[i + 2])
  local length = keep > 0 and redis.call('LLEN', key) or 0
  if length < keep then
    refused[#refused + 1] = key
  else
    if keep == 0 then redis.call('DEL', key)
    elseif length > keep then redis.call('LTRIM', key, length - keep, -1) end
    for j = i + 3, last, 2 do redis.call('LPUSH', key, ARGV[j + 1]) end
    redis.call('EXPIRE', key, ttl)
    for j = i + 3, last, 2 do
      if ARGV[j] == '1' then redis.call('PUBLISH', key, ARGV[j + 1]) end
    end
  end
  i = last + 1
end
return refused"""


class Tail(NamedTuple):
    """The newest part of a symbol's list.

    Attributes:
        symbol: Whose list.
        keep: How many entries before it stay as they are; 0 writes the whole list.
        values: Its entries, oldest first.
        is_news: For each of them, whether subscribers are sent it.
    """

    symbol: str
    keep: int
    values: Sequence[bytes]
    is_news: Sequence[bool]


@dataclass(frozen=True, slots=True)
class TailSource:
    """A producer of such lists that is asked for its changes at each flush.

    Attributes:
        feed: The list feed, a family.
        collect: Returns the tails that have changed since the last call.
        resync: Makes the next calls return every list whole.
        refused: Makes the next call return the list of one symbol whole: Redis has lost it.
    """

    feed: Feed
    collect: Callable[[], Iterable[Tail]]
    resync: Callable[[], None]
    refused: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TailCall:
    """One script call, packed for the wire.

    Attributes:
        packed: The command's bytes. It answers the keys of the lists that are shorter than they should be.
        symbols: The symbol of each key.
        news: How many values it publishes.
    """

    packed: bytes
    symbols: dict[bytes, str]
    news: int


def tail_calls(feed: Feed, tails: Iterable[Tail], bad: list[tuple[str | None, bytes]]) -> Iterator[TailCall]:
    """Yield the calls that write ``tails``; those whose key has no UTF-8 form go to ``bad``."""
    # Hot: runs for each bar of each flush.
    head: list[bytes | int] = [b"EVAL", TAIL_SCRIPT, 0, feed.ttl]
    arguments, symbols, size, values, news = list(head), dict[bytes, str](), 0, 0, 0
    for tail in tails:
        try:
            key = feed.key(tail.symbol).encode()
        except UnicodeEncodeError:
            bad.append((tail.symbol, b""))
            continue
        symbols[key] = tail.symbol
        arguments += (key, tail.keep, len(tail.values))
        for value, is_news in zip(tail.values, tail.is_news, strict=True):
            arguments += (b"1" if is_news else b"0", value)
            size += len(value) + 16
            news += is_news
        values += len(tail.values)
        if size >= CALL_BYTES or values >= CALL_VALUES:
            yield TailCall(_pack(tuple(arguments)), symbols, news)
            arguments, symbols, size, values, news = list(head), {}, 0, 0, 0
    if symbols:
        yield TailCall(_pack(tuple(arguments)), symbols, news)
