"""One symbol's bar of one session."""

from __future__ import annotations

from typing import NamedTuple


class DailyBar(NamedTuple):
    """Dollars and shares, in the shares of the session unless it says otherwise."""

    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None
    vwap: float | None

    def in_shares(self, shares: float) -> DailyBar:
        """Return the bar in shares of which ``shares`` make one of those that it is in."""
        if shares == 1:
            return self
        open_, high, low, close, vwap = (
            None if price is None else price / shares
            for price in (self.open, self.high, self.low, self.close, self.vwap)
        )
        return DailyBar(open_, high, low, close, None if self.volume is None else self.volume * shares, vwap)
