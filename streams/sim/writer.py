"""Writing the synthetic tape: a second's events put in order, written as JSON and cut into frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from streams.sim import wire
from streams.sim.bars import Bars, Trades
from streams.sim.flow import Quotes
from streams.sim.frames import KINDS, TapeFrame
from streams.sim.market import SECOND_MS, Ints, Limits
from streams.sim.symbols import Listing

FRAME_EVENTS: Final = 150
"""Events in a frame, give or take a third."""
BARS_SPREAD_MS: Final = 400
"""The bars of a second come within this time after it."""
MINUTE_BARS_MS: Final = 500
"""Minute bars come this long after their minute."""

_MINUTE_BAR: Final = KINDS.index("AM")
_CHUNK_ROWS: Final = 4_096
_EDGE_JITTER: Final = (35, -20, 15, -35, 0, 25, -10)

Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Second:
    """What goes out in one second; the bars are those of the second before."""

    start_ms: int
    limits: Limits
    bars: Bars
    trades: Trades
    quotes: Quotes


@dataclass(frozen=True, slots=True)
class _Ordered:
    """A second's events in the order in which they go out.

    kinds: row of KINDS; rows: row within that kind's arrays; listings: whose; ms: when within the second;
    sequence: the vendor's ``q``.
    """

    kinds: npt.NDArray[np.uint8]
    rows: Index
    listings: Ints
    ms: npt.NDArray[Any]
    sequence: Ints


class FrameWriter:
    """Puts a second's events in order and writes them."""

    def __init__(self, listings: tuple[Listing, ...]) -> None:
        self._symbols = [listing.symbol for listing in listings]
        self._fields = wire.symbol_fields(self._symbols)
        self._tapes = np.array([b"%d" % listing.tape for listing in listings])
        self._sequence = 1

    def frames(self, second: Second, rng: np.random.Generator, min_frames: int) -> list[TapeFrame]:
        """Return the frames of a second: trades, quotes, limits, and the bars of the second before."""
        limits, bars, trades, quotes = second.limits, second.bars, second.trades, second.quotes
        ms = np.concatenate(
            [
                np.zeros(limits.index.size, np.uint16),
                np.sort(rng.integers(0, BARS_SPREAD_MS, bars.index.size, np.uint16)),
                trades.ms.astype(np.uint16),
                quotes.ms.astype(np.uint16),
            ]
        )
        if not ms.size:
            return []
        sizes = [limits.index.size, bars.index.size, trades.index.size, quotes.index.size]
        listings = np.concatenate([limits.index, bars.index, trades.index, quotes.index])
        order = np.argsort(ms, kind="stable")
        ordered = _Ordered(
            kinds=np.repeat(np.arange(len(sizes), dtype=np.uint8), sizes)[order],
            rows=order - np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)[order],
            listings=listings[order],
            ms=ms[order],
            sequence=self._sequence + np.arange(order.size),
        )
        self._sequence += order.size
        return self._cut(second, ordered, min_frames)

    def minute_frames(self, second_ms: int, bars: Bars) -> list[TapeFrame]:
        """Return the frames of a minute's bars."""
        rows = self._bar_rows(wire.MINUTE_BAR, bars, np.arange(bars.index.size))
        texts = rows.view(np.uint8).reshape(rows.size, -1)
        return [
            TapeFrame(
                payload=wire.frame_text(texts[start : start + FRAME_EVENTS]),
                due_ms=second_ms + MINUTE_BARS_MS,
                counts={"AM": min(FRAME_EVENTS, rows.size - start)},
                kinds=np.full(min(FRAME_EVENTS, rows.size - start), _MINUTE_BAR, np.uint8),
                listings=bars.index[start : start + FRAME_EVENTS],
                symbols=self._symbols,
                bars_end_ms=bars.end_ms,
            )
            for start in range(0, rows.size, FRAME_EVENTS)
        ]

    def _cut(self, second: Second, ordered: _Ordered, min_frames: int) -> list[TapeFrame]:
        total = ordered.kinds.size
        count = max(round(total / FRAME_EVENTS), min(min_frames, total), 1)
        edges = np.linspace(0, total, count + 1)
        if total >= count * FRAME_EVENTS // 2:
            edges[1:-1] += np.resize(_EDGE_JITTER, count - 1)
        bounds = np.unique(edges.astype(np.int64)).tolist()
        frames: list[TapeFrame] = []
        base, texts = 0, np.zeros((0, wire.WIDTH), np.uint8)
        for start, end in zip(bounds, bounds[1:], strict=False):
            if end > base + len(texts):
                base = start
                texts = self._write(second, ordered, start, max(end, min(total, start + _CHUNK_ROWS)))
            kinds = ordered.kinds[start:end]
            found = np.bincount(kinds, minlength=len(KINDS)).tolist()
            frames.append(
                TapeFrame(
                    payload=wire.frame_text(texts[start - base : end - base]),
                    due_ms=second.start_ms + int(ordered.ms[end - 1]),
                    counts={kind: events for kind, events in zip(KINDS, found, strict=True) if events},
                    kinds=kinds,
                    listings=ordered.listings[start:end],
                    symbols=self._symbols,
                    bars_end_ms=second.bars.end_ms,
                )
            )
        return frames

    def _write(self, second: Second, ordered: _Ordered, start: int, end: int) -> wire.Bytes:
        """Return events ``start`` to ``end`` as rows of bytes."""
        kinds = ordered.kinds[start:end]
        texts = np.zeros((end - start, wire.WIDTH), np.uint8)
        writers: tuple[Callable[[Second, _Ordered, Index], wire.Rows], ...] = (
            self._limit_rows,
            self._second_bar_rows,
            self._trade_rows,
            self._quote_rows,
        )
        for kind, write in enumerate(writers):
            where = np.flatnonzero(kinds == kind)
            if where.size:
                rows = write(second, ordered, where + start)
                texts[where, : rows.itemsize] = rows.view(np.uint8).reshape(rows.size, -1)
        return texts

    def _trade_rows(self, second: Second, ordered: _Ordered, where: Index) -> wire.Rows:
        trades, which = second.trades, ordered.rows[where]
        rows = self._new_rows(wire.TRADE, ordered.listings[where])
        wire.put_small(rows, "x", trades.exchange[which])
        wire.put_price(rows, "p", trades.price[which])
        wire.put_number(rows, "s", trades.size[which], 2)
        rows["c"] = wire.CONDITIONS[trades.conditions[which]]
        self._put_time(rows, second, ordered, where)
        for group in range(4):
            rows[f"i{group}"] = rows[f"q{group}"]
        return rows

    def _quote_rows(self, second: Second, ordered: _Ordered, where: Index) -> wire.Rows:
        quotes, which = second.quotes, ordered.rows[where]
        rows = self._new_rows(wire.QUOTE, ordered.listings[where])
        wire.put_small(rows, "bx", quotes.bid_exchange[which])
        wire.put_price(rows, "bp", quotes.bid[which])
        wire.put_number(rows, "bs", quotes.bid_size[which], 2)
        wire.put_small(rows, "ax", quotes.ask_exchange[which])
        wire.put_price(rows, "ap", quotes.ask[which])
        wire.put_number(rows, "as", quotes.ask_size[which], 2)
        self._put_time(rows, second, ordered, where)
        return rows

    def _second_bar_rows(self, second: Second, ordered: _Ordered, where: Index) -> wire.Rows:
        return self._bar_rows(wire.BAR, second.bars, ordered.rows[where])

    def _bar_rows(self, layout: wire.Layout, bars: Bars, which: Index) -> wire.Rows:
        rows = layout.rows(which.size)
        rows["sym"] = self._fields[bars.index[which]]
        wire.put_number(rows, "v", bars.volume[which], 3)
        wire.put_number(rows, "av", bars.total[which], 4)
        wire.put_open_price(rows, bars.official_open[which])
        for name, prices in (
            ("vw", bars.vwap), ("o", bars.open), ("c", bars.close), ("h", bars.high), ("l", bars.low),
            ("a", bars.day_vwap),
        ):  # fmt: skip
            wire.put_price(rows, name, prices[which])
        wire.put_number(rows, "z", bars.average_size[which], 3)
        rows["s"] = b"%d" % bars.start_ms
        rows["e"] = b"%d" % bars.end_ms
        return rows

    def _limit_rows(self, second: Second, ordered: _Ordered, where: Index) -> wire.Rows:
        limits, which = second.limits, ordered.rows[where]
        rows = self._new_rows(wire.LULD, ordered.listings[where])
        wire.put_price(rows, "h", limits.high[which])
        wire.put_price(rows, "l", limits.low[which])
        indicator = limits.indicator[which]
        wire.put_small(rows, "i", indicator)
        rows["i"][indicator == 0] = 0
        rows["second"] = b"%d" % (second.start_ms // SECOND_MS)
        # Within the first millisecond: before every trade of the second.
        nanoseconds = 1 + which.astype(np.int64) % 999_999
        for group, digits in enumerate((0 * nanoseconds, nanoseconds // 1_000, nanoseconds % 1_000)):
            wire.put_padded(rows, f"ns{group}", digits)
        wire.put_number(rows, "q", ordered.sequence[where], 4)
        return rows

    def _new_rows(self, layout: wire.Layout, listings: Ints) -> wire.Rows:
        rows = layout.rows(listings.size)
        rows["sym"] = self._fields[listings]
        rows["z"] = self._tapes[listings]
        return rows

    def _put_time(self, rows: wire.Rows, second: Second, ordered: _Ordered, where: Index) -> None:
        rows["second"] = b"%d" % (second.start_ms // SECOND_MS)
        wire.put_padded(rows, "ms", ordered.ms[where])
        wire.put_number(rows, "q", ordered.sequence[where], 4)
