"""The newest quote of each symbol of one partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Final

import msgspec

from streams.events import Milliseconds, Price, Symbol
from streams.slices import Slices
from streams.telemetry import Counters

FUTURE_TOLERANCE_MS: Final = 60 * 60 * 1000
"""How far a quote may lie after its receipt: clocks differ, but nothing is known before it happens."""
PRICE_DECIMALS: Final = 4
MAX_BATCHES: Final = 64
"""Batches, of up to 64 KiB, that newest quotes may keep in memory before they are copied out of them."""

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


_decode_head: Final = msgspec.json.Decoder(QuoteHead).decode


class PartitionQuotes:
    """The newest quotes of one partition's symbols.

    Args:
        counters: Where quotes are counted that change nothing, by reason.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._newest: dict[str, tuple[QuoteHead, msgspec.Raw | bytes]] = {}
        self._changed: set[str] = set()
        self._batches = 0
        self._clock_ms = 0

    def apply(self, slices: Slices[QuoteHead], received_ms: int | None) -> None:
        """Apply the quotes of one batch, in arrival order; a quote older than the newest changes nothing.

        Args:
            slices: The quotes and their bytes.
            received_ms: When they were received, ms since 1970 UTC; None where that is unknown.
        """
        # Hot: no step of Python for each quote.
        heads, raws, _ = slices
        if not heads:
            return
        times = list(map(_time, heads))
        ordered = sorted(times)
        if received_ms is not None and ordered[-1] > received_ms + FUTURE_TOLERANCE_MS:
            self.apply(self._believable(slices, received_ms + FUTURE_TOLERANCE_MS), None)
            return
        if times == ordered and ordered[0] >= self._clock_ms:
            symbols = list(map(_sym, heads))
            self._newest.update(zip(symbols, zip(heads, raws, strict=True), strict=True))
            self._changed.update(symbols)
        else:
            self._merge(zip(heads, raws, strict=True))
        self._clock_ms = max(self._clock_ms, ordered[-1])
        self._batches += 1
        if self._batches >= MAX_BATCHES:
            self._copy()

    def restore(self, symbol: str, value: bytes) -> bool:
        """Take a quote that is in its feed already; return False where it is none.

        Args:
            symbol: Whose it is.
            value: As `value_of` made it.
        """
        raw, found, _ = value.rpartition(b',"spread":')
        try:
            head = _decode_head(raw + b"}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        if not found or head.sym != symbol:
            return False
        known = self._newest.get(symbol)
        if known is None or head.t > known[0].t:
            self._newest[symbol] = head, raw + b"}"
            self._clock_ms = max(self._clock_ms, head.t)
        return True

    def values(self) -> Iterator[tuple[str, bytes]]:
        """Return the values of the symbols that changed since the last call."""
        self._copy()
        changed, self._changed = self._changed, set()
        newest = self._newest
        for symbol in changed:
            head, raw = newest[symbol]
            yield symbol, value_of(head, bytes(raw))

    def republish(self) -> None:
        """Have every value returned again."""
        self._changed.update(self._newest)

    def _merge(self, pairs: Iterable[tuple[QuoteHead, msgspec.Raw]]) -> None:
        newest = self._newest
        for head, raw in pairs:
            known = newest.get(head.sym)
            if known is None or head.t >= known[0].t:
                newest[head.sym] = head, raw
                self._changed.add(head.sym)

    def _copy(self) -> None:
        """Copy what is kept out of the batches, each of which one slice would keep in memory."""
        newest = self._newest
        for symbol in self._changed:
            head, raw = newest[symbol]
            if not isinstance(raw, bytes):
                newest[symbol] = head, bytes(raw)
        self._batches = 0

    def _believable(self, slices: Slices[QuoteHead], latest_ms: int) -> Slices[QuoteHead]:
        believed = Slices[QuoteHead]([], [], slices.rejected)
        for head, raw in zip(slices.events, slices.raws, strict=True):
            if head.t <= latest_ms:
                believed.events.append(head)
                believed.raws.append(raw)
            else:
                self._counters.add("events_ignored", reason="from_the_future")
        return believed


def value_of(head: QuoteHead, raw: bytes) -> bytes:
    """Return a quote's value: the vendor's event with ``spread`` and ``mid`` after its own fields.

    Both are dollars, null where a side is empty. Of crossed quotes the spread is negative.
    """
    bid, ask = head.bp, head.ap
    if not bid or not ask:
        return raw[:-1] + b',"spread":null,"mid":null}'
    spread, mid = round(ask - bid, PRICE_DECIMALS), round((ask + bid) / 2, PRICE_DECIMALS + 1)
    return raw[:-1] + f',"spread":{spread!r},"mid":{mid!r}}}'.encode()
