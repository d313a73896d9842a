"""The newest quote of each symbol of one partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter, le
from typing import Final

import msgspec

from streams.events import Milliseconds, Price, Symbol
from streams.slices import Slices
from streams.telemetry import Counters

FUTURE_TOLERANCE_MS: Final = 60 * 60 * 1000
"""How far a quote may lie after its receipt: clocks differ, but nothing is known before it happens."""
PRICE_DECIMALS: Final = 4

_sym: Final = attrgetter("sym")
_time: Final = attrgetter("t")


class QuoteHead(msgspec.Struct, gc=False, tag_field="ev", tag="Q"):
    """What of a quote is read; all of it is passed on.

    Nearly every quote is replaced by a newer one before anybody sees it, so each field that is not decoded
    counts (benchmarks/quotes.py).

    Attributes:
        t: Its time, ms since 1970 UTC.
        bp, ap: Bid and ask, dollars; 0 or None where that side is empty.
    """

    sym: Symbol
    t: Milliseconds
    bp: Price | None = None
    ap: Price | None = None


class PartitionQuotes:
    """The newest quotes of one partition's symbols.

    Args:
        counters: Where quotes are counted that change nothing, by reason.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._newest: dict[str, tuple[QuoteHead, bytes]] = {}
        self._changed: set[str] = set()

    def apply(self, slices: Slices[QuoteHead], received_ms: int | None) -> None:
        """Apply the quotes of one batch, in arrival order; a quote older than the newest changes nothing.

        Args:
            slices: The quotes and their bytes.
            received_ms: When they were received, ms since 1970 UTC; None where that is unknown.
        """
        newest, changed = self._newest, self._changed
        latest_ms = None if received_ms is None else received_ms + FUTURE_TOLERANCE_MS
        for symbol, (head, raw) in self._newest_of(slices, latest_ms).items():
            known = newest.get(symbol)
            if known is None or head.t >= known[0].t:
                # Copied: the slice would keep its whole batch in memory.
                newest[symbol] = head, bytes(raw)
                changed.add(symbol)

    def values(self) -> Iterator[tuple[str, bytes]]:
        """Return the values of the symbols that changed since the last call."""
        changed, self._changed = self._changed, set()
        for symbol in changed:
            head, raw = self._newest[symbol]
            yield symbol, value_of(head, raw)

    def republish(self) -> None:
        """Have every value returned again."""
        self._changed.update(self._newest)

    def _newest_of(
        self, slices: Slices[QuoteHead], latest_ms: int | None
    ) -> dict[str, tuple[QuoteHead, msgspec.Raw]]:
        """Return the newest quote of each symbol in a batch, the later one of two with one time."""
        heads = slices.events
        pairs: Iterator[tuple[QuoteHead, msgspec.Raw]] = zip(heads, slices.raws, strict=True)
        times = list(map(_time, heads))
        if latest_ms is not None and times and max(times) > latest_ms:
            pairs = self._believable(pairs, latest_ms)
        elif all(map(le, times, times[1:])):
            # In order, as nearly always: the last of each symbol, without a step of Python for each quote.
            return dict(zip(map(_sym, heads), pairs, strict=True))
        found: dict[str, tuple[QuoteHead, msgspec.Raw]] = {}
        for head, raw in pairs:
            known = found.get(head.sym)
            if known is None or head.t >= known[0].t:
                found[head.sym] = head, raw
        return found

    def _believable(
        self, pairs: Iterable[tuple[QuoteHead, msgspec.Raw]], latest_ms: int
    ) -> Iterator[tuple[QuoteHead, msgspec.Raw]]:
        for head, raw in pairs:
            if head.t <= latest_ms:
                yield head, raw
            else:
                self._counters.add("events_ignored", reason="from_the_future")


def value_of(head: QuoteHead, raw: bytes) -> bytes:
    """Return a quote's value: the vendor's event with ``spread`` and ``mid`` after its own fields.

    Both are dollars, null where a side is empty. Of crossed quotes the spread is negative.
    """
    bid, ask = head.bp, head.ap
    if not bid or not ask:
        return raw[:-1] + b',"spread":null,"mid":null}'
    spread, mid = round(ask - bid, PRICE_DECIMALS), round((ask + bid) / 2, PRICE_DECIMALS + 1)
    return raw[:-1] + b',"spread":%b,"mid":%b}' % (repr(spread).encode(), repr(mid).encode())
