"""Reference data of one symbol, as md.reference holds it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from streams.events import Milliseconds, Symbol
from streams.volume_curve import CURVE_BYTES

Curve = Annotated[bytes, msgspec.Meta(min_length=CURVE_BYTES, max_length=CURVE_BYTES)]


class Reference(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True):
    """What is known of a symbol for one trading day; None where it is not known.

    Attributes:
        symbol: The symbol.
        day_ms: The trading day that the data is for: its start (04:00 ET), ms since 1970 UTC.
        prev_day_close: Close of the session before that day, in dollars, adjusted for splits; likewise
            open, high, low and vwap.
        prev_day_volume: Shares traded in the session before.
        avg_volume: Mean volume of the last 20 sessions before that day, in shares.
        free_float: Shares that are freely traded.
        security_type: The vendor's code of what it is, such as CS, ETF or WARRANT.
        volume_curve: The usual volume up to each time of the day, see `streams.volume_curve`: the mean of the
            last 10 sessions before that day, in shares.
        exchange: Market identifier code of the exchange that it is listed on, such as XNAS.
    """

    symbol: Symbol
    day_ms: Milliseconds
    prev_day_close: float | None = None
    prev_day_open: float | None = None
    prev_day_high: float | None = None
    prev_day_low: float | None = None
    prev_day_volume: float | None = None
    prev_day_vwap: float | None = None
    avg_volume: float | None = None
    free_float: float | None = None
    security_type: str | None = None
    exchange: str | None = None
    volume_curve: Curve | None = None


class KnownReference(msgspec.Struct, gc=False, tag_field="v", tag=1):
    """A symbol's reference data of the newest day and of the one before: 04:00 ET comes after the loading.

    Attributes:
        offset: The source offset that brought the newest.
        newest: The reference data of the latest day.
        earlier: That of the day before it, None where there is none.
    """

    offset: int
    newest: Reference
    earlier: Reference | None = None

    def on(self, day_ms: int) -> Reference | None:
        """Return the data for the trading day that starts at ``day_ms``, None where there is none."""
        if self.newest.day_ms == day_ms:
            return self.newest
        return self.earlier if self.earlier is not None and self.earlier.day_ms == day_ms else None

    def followed_by(self, reference: Reference, offset: int) -> KnownReference:
        """Return what is known once ``reference`` has come."""
        if reference.day_ms > self.newest.day_ms:
            return KnownReference(offset, reference, self.newest)
        if reference.day_ms == self.newest.day_ms:
            return KnownReference(offset, reference, self.earlier)
        return KnownReference(offset, self.newest, self.earlier)
