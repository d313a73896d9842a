"""Rows of a small market for tests of screeners, as hypothesis draws them."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from streams.events import Aggregate
from streams.scanner.daily_range import DailyRange
from streams.scanner.leaderboard import Standing
from streams.scanner.row import Row
from streams.scanner.symbol import SymbolState
from streams.sessions import Session

numbers = st.none() | st.sampled_from([0.0, 0.5, 1.0, 2.0, 2.5, 1e9]) | st.integers(-3, 3).map(float)
texts = st.none() | st.sampled_from(["CS", "ETF", "XNAS"])


def make_row(symbol: str, **values: object) -> Row:
    """Return a row of which nothing is known but what is given."""
    unknown = dict.fromkeys(Row.__struct_fields__)
    given = {"symbol": symbol, "accumulated_volume": 0.0, "open": 1.0, "close": 1.0, **values}
    return msgspec.convert({**unknown, "start_timestamp": 0, "end_timestamp": 0, **given}, Row)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Return a row; much of it may be unknown, and values are often the same."""
    known = {
        name: draw(numbers)
        for name in (
            "volume", "free_float", "relative_volume", "pct_change", "change", "avg_volume",
            "official_open_price", "prev_day_close", "aggregate_vwap",
        )
    }  # fmt: skip
    return make_row(
        draw(st.text("ABCé🚀", min_size=1, max_size=4)),
        accumulated_volume=draw(st.integers(0, 5).map(float)),
        close=draw(st.sampled_from([0.5, 1.0, 2.0, 20.0])),
        security_type=draw(texts),
        exchange=draw(texts),
        **known,
    )


class Listing(msgspec.Struct):
    """A symbol as a partition knows it."""

    row: Row
    session: Session
    day_ms: int

    @property
    def standing(self) -> Standing:
        """What the boards see of it."""
        row = self.row
        encoded = msgspec.json.encode(row)
        return Standing(row.symbol, self.day_ms, self.day_ms, row.accumulated_volume, None, None, encoded)

    @property
    def state(self) -> SymbolState:
        """The state that it was made of, as far as screeners ask for it."""
        bar = Aggregate(sym=self.row.symbol, av=0, c=1.0, s=0, e=1)
        return SymbolState(0, 0, bar, 0, 0.0, 0.0, self.session, self.day_ms, 0, 1.0, DailyRange())


listings = st.builds(Listing, rows(), st.sampled_from(Session), st.sampled_from([1, 2]))
markets = st.lists(listings, unique_by=lambda each: each.row.symbol, max_size=30)
