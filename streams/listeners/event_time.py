"""When events happened, by their own clock: the listener decodes nothing else of them."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.records import join

FIRST_NS: Final = 10**17
"""A time above this is in ns, one below it in ms: LULD's are in ns, all others in ms."""


class _Times(msgspec.Struct):
    """The times that events may have: ``t`` of trades, quotes and halts; ``e``, the end of a bar."""

    t: int | None = None
    e: int | None = None


_decode: Final = msgspec.json.Decoder(list[_Times]).decode


def newest_ns(events: bytes) -> int | None:
    """Return when the last of some events happened (ns since 1970 UTC), None where it does not tell.

    Args:
        events: JSON objects with commas between them.
    """
    try:
        times = _decode(join([events]))[-1]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError):
        return None
    time = times.t if times.t is not None else times.e
    if time is None:
        return None
    return time if time > FIRST_NS else time * 1_000_000
