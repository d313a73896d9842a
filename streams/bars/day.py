"""One symbol's trading day in minutes, from 04:00 to 20:00 ET.

A minute's bar is the vendor's (``AM``), else made of the vendor's second bars (``A``), else of trades
(``T``). What bars and trades say is kept apart and one is chosen when bars are read, so it does not matter
which of their topics is read sooner.
"""

from __future__ import annotations

import operator
from typing import Final

from streams.bars.minute import Bar, Hour
from streams.bars.span import SPANS, join
from streams.bars.traded import TradedHour

HOURS: Final = 16
"""From 04:00 to 20:00 ET. What comes later has no bars, but is the newest raw bar all the same."""
HOUR_MINUTES: Final = 60
NONE: Final = -1
_SPANS: Final = {span: bytes(number // span for number in range(256)) for span in (1, *SPANS)}
"""For each span, which of an hour's bars a minute lies in."""

_START: Final = operator.attrgetter("t")


class Day:
    """The bars of one symbol and trading day. Minutes are counted from 04:00 ET.

    Args:
        start_ms: When the day starts (04:00 ET), ms since 1970 UTC.
        hours: Its hours of the vendor's bars as recovered, by their number from 04:00 ET.
        traded: Those of bars made of trades, likewise.

    Attributes:
        hours: The hours of the vendor's bars that there are.
        traded: Those of bars made of trades; those without any need not be there.
        newest: The newest minute; `NONE` where there is no bar.
    """

    __slots__ = ("_counts", "hours", "newest", "start_ms", "traded")

    def __init__(self, start_ms: int, hours: dict[int, Hour], traded: dict[int, TradedHour]) -> None:
        self.start_ms = start_ms
        self.hours = hours
        self.traded = traded
        self._counts: dict[int, tuple[int, int, int]] = {}
        self.newest = max(
            (
                number * HOUR_MINUTES + there[-1]
                for number in hours.keys() | traded.keys()
                if (there := self._there(number))
            ),
            default=NONE,
        )

    def bars(self, since: int = 0, span: int = 1) -> list[Bar]:
        """Return bars in order.

        Args:
            since: The first is the one that this minute lies in, or else the next.
            span: How long a bar is, in minutes: 1 or one of `streams.bars.span.SPANS`.
        """
        minutes = self._minutes(since - since % span)
        return minutes if span == 1 else list(join(minutes, span, self.start_ms))

    def count_before(self, minute: int, span: int = 1) -> int:
        """Return how many bars of a span there are before the one that a minute lies in."""
        # Hot: runs for each symbol that changed, in each flush of a feed.
        last, rest = divmod(minute - minute % span, HOUR_MINUTES)
        # Minutes come and never go: where there are as many as the last time they are the same.
        count = self._count_hours(last)
        if span > 1:
            known = self._counts.get(span)
            if known is None or known[:2] != (last, count):
                spans = _SPANS[span]
                bars = sum(len(set(self._there(number).translate(spans))) for number in self._numbers(last))
                known = self._counts[span] = last, count, bars
            count = known[2]
        if rest:
            spans = _SPANS[span]
            count += len({spans[there] for there in self._there(last) if there < rest})
        return count

    @property
    def raw(self) -> bytes:
        """The newest of the vendor's bars, bytes unchanged; empty where there is none."""
        return self._newest_hour.raw if self.hours else b""

    @property
    def raw_end_ms(self) -> int:
        """When that ends, ms since 1970 UTC; `NONE` where there is none."""
        return self._newest_hour.raw_end_ms if self.hours else NONE

    @property
    def _newest_hour(self) -> Hour:
        return self.hours[max(self.hours)]

    def _minutes(self, since: int) -> list[Bar]:
        first, rest = divmod(since, HOUR_MINUTES)
        found: list[Bar] = []
        for number in range(first, self.newest // HOUR_MINUTES + 1):
            found += self._bars(number, rest if number == first else 0)
        for bar in found[:-1]:
            bar.final = True
        return found

    def _bars(self, number: int, since: int) -> list[Bar]:
        """Return the bars of an hour from a minute of it on, in order."""
        hour, traded = self.hours.get(number), self.traded.get(number)
        told = [] if hour is None else list(hour.bars(since))
        if traded is None or not traded.adds_to(hour):
            return told
        known = {bar.t for bar in told}
        told += [bar for bar in traded.bars(since) if bar.t not in known]
        return sorted(told, key=_START)

    def _there(self, number: int) -> bytes:
        """Return which minutes of an hour have a bar, in order, each as one byte."""
        hour, traded = self.hours.get(number), self.traded.get(number)
        if traded is None or not traded.adds_to(hour):
            return b"" if hour is None else hour.minutes()
        if hour is None:
            return traded.minutes()
        return bytes(sorted({*hour.minutes(), *traded.minutes()}))

    def _numbers(self, end: int) -> list[int]:
        return [number for number in self.hours.keys() | self.traded.keys() if number < end]

    def _count_hours(self, end: int) -> int:
        """Return how many bars there are in the hours before one."""
        if self.traded and min(self.traded) < end:
            return sum(len(self._there(number)) for number in self._numbers(end))
        return sum([hour.count for number, hour in self.hours.items() if number < end])
