"""One symbol's trading day in minutes, from 04:00 to 20:00 ET."""

from __future__ import annotations

from typing import Final

from streams.bars.minute import Bar, Hour
from streams.bars.span import SPANS, join

HOURS: Final = 16
"""From 04:00 to 20:00 ET. What comes later has no bars, but is the newest raw bar all the same."""
HOUR_MINUTES: Final = 60
NONE: Final = -1
_SPANS: Final = {span: bytes(number // span for number in range(256)) for span in (1, *SPANS)}
"""For each span, which of an hour's bars a minute lies in."""


class Day:
    """The bars of one symbol and trading day. Minutes are counted from 04:00 ET.

    Args:
        start_ms: When the day starts (04:00 ET), ms since 1970 UTC.
        hours: Its hours as recovered, by their number from 04:00 ET.

    Attributes:
        hours: The hours that there are.
        newest: The newest minute; `NONE` where there is no bar.
    """

    __slots__ = ("_counts", "hours", "newest", "start_ms")

    def __init__(self, start_ms: int, hours: dict[int, Hour]) -> None:
        self.start_ms = start_ms
        self.hours = hours
        self._counts: dict[int, tuple[int, int, int]] = {}
        self.newest = max(
            (number * HOUR_MINUTES + hour.minutes()[-1] for number, hour in hours.items() if hour.data),
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
        earlier = [hour for number, hour in self.hours.items() if number < last]
        # Minutes come and never go: where there are as many as the last time they are the same.
        count = sum([hour.count for hour in earlier])
        if span > 1:
            known = self._counts.get(span)
            if known is None or known[:2] != (last, count):
                spans = _SPANS[span]
                bars = sum(len(set(hour.minutes().translate(spans))) for hour in earlier)
                known = self._counts[span] = last, count, bars
            count = known[2]
        hour = self.hours.get(last)
        if rest and hour is not None:
            spans = _SPANS[span]
            count += len({spans[there] for there in hour.minutes() if there < rest})
        return count

    @property
    def raw(self) -> bytes:
        """The newest of the vendor's bars, bytes unchanged."""
        return self._newest_hour.raw

    @property
    def raw_end_ms(self) -> int:
        """When that ends, ms since 1970 UTC."""
        return self._newest_hour.raw_end_ms

    @property
    def _newest_hour(self) -> Hour:
        return self.hours[max(self.hours)]

    def _minutes(self, since: int) -> list[Bar]:
        first, rest = divmod(since, HOUR_MINUTES)
        found: list[Bar] = []
        for number in range(first, self.newest // HOUR_MINUTES + 1):
            hour = self.hours.get(number)
            if hour is not None:
                found += hour.bars(rest if number == first else 0)
        for bar in found[:-1]:
            bar.final = True
        return found
