"""The daily range: the high and the low of each session of a symbol's trading day, and what breaks them.

All six bounds are unknown when a day starts (04:00 ET). Every bar of the day counts for the session that it
starts in, whenever it arrives. A price of zero is none. What is left of the day after 20:00 ET has no range,
nor has a day without trading.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from streams.sessions import Session


class Direction(StrEnum):
    """Which bound of a session is broken."""

    HIGH = "high"
    LOW = "low"


class DailyRange(msgspec.Struct, gc=False):
    """The six bounds of a day in dollars, under their clients' names; None where there was no print."""

    pre_market_high: float | None = None
    pre_market_low: float | None = None
    regular_session_high: float | None = None
    regular_session_low: float | None = None
    after_hours_high: float | None = None
    after_hours_low: float | None = None


class Break(msgspec.Struct, gc=False, frozen=True):
    """A session's bound that a price went beyond.

    Attributes:
        direction: Which bound.
        price: The new bound; previous: the one before. Dollars.
        note: What else was broken, in words; empty where nothing was.
    """

    direction: Direction
    price: float
    previous: float
    note: str


class Bounds(NamedTuple):
    """A session's bounds.

    Attributes:
        high: The field of a `DailyRange`, as is ``low``.
        words: What notes call the session.
        earlier: The bounds that a break is compared with; the first that is broken is named.
    """

    high: str
    low: str
    words: str
    earlier: tuple[Bounds, ...]


PRE_MARKET: Final = Bounds("pre_market_high", "pre_market_low", "pre-market", ())
REGULAR: Final = Bounds("regular_session_high", "regular_session_low", "regular session", (PRE_MARKET,))
AFTER_HOURS: Final = Bounds("after_hours_high", "after_hours_low", "after-hours", (REGULAR, PRE_MARKET))

# An enumeration's members are slow to reach and to hash.
_HIGH: Final = Direction.HIGH
_LOW: Final = Direction.LOW
_PRE_MARKET: Final = Session.PRE_MARKET
_REGULAR: Final = Session.REGULAR
_AFTER_HOURS: Final = Session.AFTER_HOURS


_encode: Final = msgspec.json.Encoder().encode


def with_range(row: bytes, day: DailyRange) -> bytes:
    """Return a row, a JSON object, with the six bounds of its day."""
    return b"%b,%b" % (row[:-1], _encode(day)[1:])


def limits(day: DailyRange, session: Session) -> tuple[float, float]:
    """Return what a price must be above or below to change a session's bounds; of CLOSED none does.

    Any price changes a bound that is not known.
    """
    bounds = _bounds_of(session)
    if bounds is None:
        return math.inf, -math.inf
    high, low = getattr(day, bounds.high), getattr(day, bounds.low)
    return -math.inf if high is None else high, math.inf if low is None else low


def widen(day: DailyRange, session: Session, high: float, low: float) -> list[Break] | None:
    """Let a bar's high and low count for its session.

    Returns:
        What was broken, None where no bound changed. A session's first print breaks nothing.
    """
    # Hot: near the open many bars come here.
    bounds = REGULAR if session is _REGULAR else _bounds_of(session)
    if bounds is None:
        return None
    high_name, low_name, _, earlier = bounds
    breaks: list[Break] | None = None
    previous = getattr(day, high_name)
    if high > 0 and (previous is None or high > previous):
        setattr(day, high_name, high)
        breaks = []
        if previous is not None:
            breaks.append(Break(_HIGH, high, previous, _above(day, earlier, high) if earlier else ""))
    previous = getattr(day, low_name)
    if low > 0 and (previous is None or low < previous):
        setattr(day, low_name, low)
        breaks = [] if breaks is None else breaks
        if previous is not None:
            breaks.append(Break(_LOW, low, previous, _below(day, earlier, low) if earlier else ""))
    return breaks


def _bounds_of(session: Session) -> Bounds | None:
    if session is _REGULAR:
        return REGULAR
    if session is _PRE_MARKET:
        return PRE_MARKET
    return AFTER_HOURS if session is _AFTER_HOURS else None


def _above(day: DailyRange, earlier: tuple[Bounds, ...], price: float) -> str:
    for bounds in earlier:
        high = getattr(day, bounds.high)
        if high is not None and price > high:
            return f"Broke {bounds.words} high of {_dollars(high)}"
    return ""


def _below(day: DailyRange, earlier: tuple[Bounds, ...], price: float) -> str:
    for bounds in earlier:
        low = getattr(day, bounds.low)
        if low is not None and price < low:
            return f"Broke {bounds.words} low of {_dollars(low)}"
    return ""


def _dollars(price: float) -> str:
    return f"${price:.2f}" if price >= 1 else f"${price:.4f}"
