"""Alerts of the daily range, as md.alerts and the two list feeds hold them."""

from __future__ import annotations

from typing import Final

import msgspec

from streams import feeds
from streams.feeds import Feed
from streams.reference.model import Reference
from streams.scanner.daily_range import Direction
from streams.scanner.row import make_row
from streams.scanner.symbol import Breakout
from streams.sessions import Session

FEEDS: Final[dict[str, Feed]] = {Direction.HIGH: feeds.HIGH_ALERT, Direction.LOW: feeds.LOW_ALERT}
"""Where alerts are listed, by their direction."""
SESSIONS: Final = {
    Session.PRE_MARKET: "pre_market",
    Session.REGULAR: "regular",
    Session.AFTER_HOURS: "after_hours",
}
"""What clients call the sessions."""


class Alert(msgspec.Struct, gc=False):
    """What an alert tells beside the symbol's row as of the bar that raised it.

    Attributes:
        id: The same for the same alert, however often its bars are read: partition and offset of their
            record, symbol, direction and hits.
        hits: How many bounds of this direction the symbol has broken today, this one included.
        session: The session whose bound was broken.
        price: The new bound; previous: the one before. Dollars.
        timestamp: End of the bar, s since 1970 UTC.
        note: What else was broken, in words; empty where nothing was.
    """

    id: str
    hits: int
    session: str
    direction: str
    price: float
    previous: float
    timestamp: float
    note: str


class ListedAlert(msgspec.Struct, gc=False):
    """What of an alert decides its list and its place there; other kinds of alerts have no direction."""

    symbol: str
    direction: str | None = None
    timestamp: float = 0.0
    hits: int = 0
    id: str = ""

    @property
    def place(self) -> tuple[float, str, int, str]:
        """Order of alerts, oldest first; the same alert has the same place."""
        return self.timestamp, self.symbol, self.hits, self.id


decode: Final = msgspec.json.Decoder(ListedAlert).decode
_encode: Final = msgspec.json.Encoder().encode


def make_alert(breakout: Breakout, partition: int, offset: int, reference: Reference | None) -> bytes:
    """Return an alert as its clients get it: a JSON object.

    Args:
        breakout: What was broken.
        partition: The partition of the bar's record.
        offset: Its offset.
        reference: The symbol's reference data of that day, None where it is not known.
    """
    symbol, broken = breakout.bar.sym, breakout.broken
    alert = Alert(
        f"{partition}:{offset}:{symbol}:{broken.direction}:{breakout.count}",
        breakout.count,
        SESSIONS[breakout.session],
        broken.direction,
        broken.price,
        broken.previous,
        breakout.bar.e / 1000,
        broken.note,
    )
    row = make_row(symbol, breakout, reference)
    return b"%b,%b" % (_encode(alert)[:-1], _encode(row)[1:])
