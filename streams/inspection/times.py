"""Times as operators type and read them: New York's, or milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from streams.errors import BadInputError
from streams.sessions import NEW_YORK

_MS: Final = re.compile(r"\d{11,14}")
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d{1,6})?)?")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse(text: str, now_ms: int) -> int:
    """Return the time that a text names, ms since 1970 UTC.

    Args:
        text: ``09:30``, ``09:30:02.5`` (of today in New York), ``2026-11-20 09:30:02`` (in New York unless an
            offset or Z follows), ``2026-11-20``, or ms since 1970. ``ET`` may stand at the end.
        now_ms: What time it is: it tells which day is today.

    Raises:
        BadInputError: It is none of these.
    """
    given = text.strip().removesuffix("ET").strip()
    if _MS.fullmatch(given):
        return int(given)
    whole = given
    if _CLOCK.fullmatch(given):
        whole = f"{_new_york(now_ms).date()} {given.rjust(len(given) + (given[1] == ':'), '0')}"
    try:
        if not _DAY.match(whole):
            raise ValueError
        moment = datetime.fromisoformat(whole)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=NEW_YORK)
        ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        ms = -1
    if ms < 0:
        raise BadInputError(
            f"{text[:40]!r} is no time: 09:30:00 (today, ET), 2026-11-20 09:30:00 (ET) or ms since 1970"
        )
    return ms


def told(ms: int) -> str:
    """Return a time with its date and ms, in New York."""
    return f"{_new_york(ms):%Y-%m-%d %H:%M:%S}.{ms % 1000:03} ET"


def _new_york(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC).astimezone(NEW_YORK)
