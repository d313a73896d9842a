"""Reference data as the vendor's REST serves it: listings, floats, daily bars."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import msgspec

from streams.errors import BadInputError
from streams.sessions import MarketCalendar
from streams.sim.bars import DayBars
from streams.sim.history import History
from streams.sim.market import UNITS
from streams.sim.splits import Split, SplitsBySymbol, shares_after
from streams.sim.symbols import Listing
from streams.sim.tape import Tape


class DailyBar(msgspec.Struct, frozen=True, kw_only=True):
    """A day's bar. Prices are dollars, volume shares, n trades."""

    o: float
    h: float
    l: float  # noqa: E741  the vendor's name
    c: float
    v: float
    vw: float | None = None
    n: int | None = None


class DatedBar(DailyBar, frozen=True, kw_only=True):
    """A day's bar with its date."""

    date: date


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """One listing: what a line of a reference file holds.

    security_type and exchange are the vendor's ``type`` and ``primary_exchange``; free_float is shares,
    free_float_percent 0 to 100; daily are bars of past sessions as they were then, before any later split.
    What is not known is None.
    """

    symbol: str
    name: str | None = None
    security_type: str | None = msgspec.field(default=None, name="type")
    exchange: str | None = msgspec.field(default=None, name="primary_exchange")
    free_float: int | None = None
    free_float_percent: float | None = None
    daily: tuple[DatedBar, ...] = ()
    splits: tuple[Split, ...] = ()


class Reference(Protocol):
    """What the REST server asks."""

    @property
    def companies(self) -> Sequence[Company]:
        """All listings, by symbol."""

    @property
    def clock_ms(self) -> int:
        """The market's clock, ms since 1970 UTC."""

    def daily(self, day: date, *, adjusted: bool = True) -> Mapping[str, DailyBar]:
        """Return the bars of a past session by symbol; empty where there are none.

        Args:
            day: The session.
            adjusted: In shares of the clock's day, else in those of the session.
        """

    def today(self) -> Mapping[str, DailyBar]:
        """Return the running day's bars by symbol."""

    def previous(self) -> tuple[date, Mapping[str, DailyBar]]:
        """Return the last session before the running day, and its bars by symbol."""


class SyntheticReference:
    """Reference data of the synthetic market."""

    def __init__(
        self,
        listings: tuple[Listing, ...],
        history: History,
        tape: Tape,
        calendar: MarketCalendar,
        splits: SplitsBySymbol,
    ) -> None:
        self._symbols = [listing.symbol for listing in listings]
        self._history = history
        self._tape = tape
        self._calendar = calendar
        self._splits = splits
        self.companies: Sequence[Company] = sorted(
            (_company(listing, splits.get(listing.symbol, ())) for listing in listings), key=_symbol
        )

    @property
    def clock_ms(self) -> int:
        """The market's clock, ms since 1970 UTC."""
        return self._tape.state.clock_ms

    def daily(self, day: date, *, adjusted: bool = True) -> Mapping[str, DailyBar]:
        """Return the bars of a past session by symbol; empty where there are none."""
        bars = self._tape.state.past.get(day) or self._history.bars(day)
        if bars is None:
            return {}
        found = self._by_symbol(bars)
        if not adjusted:
            # The history is that of today's shares.
            last = self._tape.state.day.date
            for symbol, splits in self._splits.items():
                if symbol in found:
                    found[symbol] = _in_shares(found[symbol], 1 / shares_after(splits, day, last))
        return found

    def today(self) -> Mapping[str, DailyBar]:
        """Return the running day's bars by symbol."""
        return self._by_symbol(self._tape.state.bars)

    def previous(self) -> tuple[date, Mapping[str, DailyBar]]:
        """Return the last session before the running day, and its bars by symbol."""
        day = self._calendar.previous_session(self._tape.state.day.date)
        return day, self.daily(day)

    def _by_symbol(self, bars: DayBars) -> dict[str, DailyBar]:
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume, bars.vwap, bars.trades)
        rows = zip(self._symbols, *(column.tolist() for column in columns), strict=True)
        return {
            symbol: DailyBar(o=o / UNITS, h=h / UNITS, l=l / UNITS, c=c / UNITS, v=v, vw=vw / UNITS, n=n)
            for symbol, o, h, l, c, v, vw, n in rows  # noqa: E741  the vendor's name
            if v
        }


class FileReference:
    """Reference data for recorded symbols, from a file; without one there is none.

    Args:
        path: JSON lines of Company.
        clock: Tells the recording's event time, ms since 1970 UTC; 0 before it starts.

    Raises:
        BadInputError: The file cannot be read, or a line of it is no Company; the message names the line.
    """

    def __init__(self, path: Path | None, calendar: MarketCalendar, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._calendar = calendar
        self.companies: Sequence[Company] = sorted(_read(path), key=_symbol)
        newest = max((bar.date for company in self.companies for bar in company.daily), default=None)
        self._expected = None if newest is None else calendar.day(calendar.next_session(newest))

    @property
    def clock_ms(self) -> int:
        """The recording's event time, ms since 1970 UTC.

        Before it starts that is the start of the day after the newest bar, or without bars the time.
        """
        return self._clock() or (self._expected.start_ms if self._expected else int(time.time() * 1000))

    def daily(self, day: date, *, adjusted: bool = True) -> Mapping[str, DailyBar]:
        """Return the bars of a past session by symbol; empty where there are none."""
        last = self._calendar.day_at(self.clock_ms).date
        return {
            company.symbol: _in_shares(bar, shares_after(company.splits, day, last)) if adjusted else bar
            for company in self.companies
            for bar in company.daily
            if bar.date == day
        }

    def today(self) -> Mapping[str, DailyBar]:
        """Return no bars: a recording's day is not summed up."""
        return {}

    def previous(self) -> tuple[date, Mapping[str, DailyBar]]:
        """Return the last session before the recording's clock, and its bars by symbol."""
        day = self._calendar.previous_session(self._calendar.day_at(self.clock_ms).date)
        return day, self.daily(day)


def _symbol(company: Company) -> str:
    return company.symbol


def _in_shares(bar: DailyBar, shares: float) -> DailyBar:
    """Return a bar in shares of which ``shares`` make one of the bar's."""
    if shares == 1:
        return bar
    return DailyBar(
        o=bar.o / shares,
        h=bar.h / shares,
        l=bar.l / shares,
        c=bar.c / shares,
        v=bar.v * shares,
        vw=None if bar.vw is None else bar.vw / shares,
        n=bar.n,
    )


def _company(listing: Listing, splits: tuple[Split, ...]) -> Company:
    return Company(
        symbol=listing.symbol,
        name=listing.name,
        security_type=listing.security_type,
        exchange=listing.exchange,
        free_float=listing.free_float,
        free_float_percent=round(100 * listing.free_float / listing.shares_outstanding, 2),
        splits=splits,
    )


def _read(path: Path | None) -> list[Company]:
    if path is None:
        return []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror}") from None
    decode = msgspec.json.Decoder(Company).decode
    companies = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                companies.append(decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BadInputError(f"{path}, line {number}: {error}") from None
    return companies
