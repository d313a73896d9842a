"""What clients would read of a market if nothing had failed: the platform's rules, without its servers.

One partition, one process, nothing kept and nothing sent: all that can fail is left out. That an
undisturbed installation shows the same is the fault ``nothing``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from streams import feeds
from streams.bars.pipeline import FEEDS as BAR_FEEDS
from streams.bars.symbols import SymbolBars
from streams.bars.traded import TradeHead
from streams.events import Aggregate, BatchDecoder, Luld, MinuteAggregate, Trade
from streams.faults.results import Results, Value, results_of
from streams.halts import latest
from streams.halts.status import HaltBook, SymbolHalts
from streams.listeners.split import Splitter
from streams.news import article
from streams.news.archive import Archive, Origin
from streams.quotes.partition import PartitionQuotes, QuoteHead
from streams.reference.model import KnownReference
from streams.scanner import alert, partial
from streams.scanner.alert_list import AlertList
from streams.scanner.partition import PartitionScanner
from streams.scanner.symbol import SymbolState, SymbolStates
from streams.sessions import MarketCalendar
from streams.sim.news_frames import FilterRequest, NewsFilter
from streams.slices import SliceDecoder
from streams.telemetry import Counters
from streams.topics import AGGREGATES, HALTS, NEWS, QUOTES, TRADES, Topic, topic_of_event
from streams.trades import top
from streams.trades.partition import PartitionTrades

PARTITION: Final = 0
LONGEST_SLICE: Final = 1 << 30
_encode: Final = msgspec.json.Encoder().encode
# As the listener asks for them (`streams.listeners.finlight`).
_news_filter: Final = NewsFilter(FilterRequest(includeEntities=True, includeUpdates=True), is_raw=False)


class Undisturbed:
    """The state of a market, changed by the platform's rules.

    Args:
        references: Reference data by symbol.
    """

    def __init__(self, references: Mapping[str, KnownReference]) -> None:
        calendar, counters = MarketCalendar(), Counters()
        states: dict[str, SymbolState] = {}
        self._references = references
        self._splitter = Splitter(1, LONGEST_SLICE)
        self._aggregates = SliceDecoder[Aggregate | MinuteAggregate](Aggregate | MinuteAggregate)
        self._trade_events = SliceDecoder[Trade](Trade)
        self._trade_heads = BatchDecoder[TradeHead](TradeHead)
        self._quote_heads = SliceDecoder[QuoteHead](QuoteHead)
        self._halt_events = SliceDecoder[Luld](Luld)
        self._states = SymbolStates(states, calendar, counters)
        self._scanner = PartitionScanner(PARTITION, states, references.get)
        self._boards = partial.Merger(1)
        self._alerts = {direction: AlertList(feed.bound) for direction, feed in alert.FEEDS.items()}
        self._bars = SymbolBars({}, {}, calendar, counters)
        self._trades = PartitionTrades(PARTITION, {}, calendar, counters)
        self._top_trades = top.Merger(1)
        self._quotes = PartitionQuotes(counters)
        self._halts: dict[str, SymbolHalts] = {}
        self._halt_book = HaltBook(self._halts, calendar, counters)
        self._archive = Archive({})
        self._latest: dict[str, bytes] = {}
        self._offset = 0
        self._take: dict[Topic, Callable[[bytes, int], None]] = {
            AGGREGATES: self._take_aggregates,
            TRADES: self._take_trades,
            QUOTES: self._take_quotes,
            HALTS: self._take_halts,
            NEWS: self._take_article,
        }

    def play(self, frames: Iterable[bytes], articles: Iterable[bytes]) -> None:
        """Apply what the vendors send: messages of the market, and articles."""
        for frame in frames:
            for piece in self._splitter.split(frame).slices:
                self.take(topic_of_event(piece.event_type), b"[%b]" % piece.data)
        for text in articles:
            selected = _news_filter.select(json.loads(text))
            if selected is not None:
                self.take(NEWS, _encode(selected))

    def take(self, topic: Topic, payload: bytes) -> None:
        """Apply one record of a topic of events, received now."""
        self._offset += 1
        self._take[topic](payload, time.time_ns() // 1_000_000)

    def results(self) -> Results:
        """Return what clients would read now."""
        return results_of(self._values())

    def _take_aggregates(self, payload: bytes, now_ms: int) -> None:
        events, raws, _ = self._aggregates.decode(payload)
        for breakout in self._states.apply(events, self._offset, now_ms):
            known = self._references.get(breakout.bar.sym)
            reference = known.on(breakout.day_ms) if known else None
            value = alert.make_alert(breakout, PARTITION, self._offset, reference)
            self._alerts[breakout.broken.direction].add(alert.decode(value), value)
        self._bars.apply(events, raws, self._offset, now_ms)

    def _take_trades(self, payload: bytes, now_ms: int) -> None:
        self._trades.apply(self._trade_events.decode(payload), self._offset, now_ms)
        self._bars.trade(self._trade_heads.decode(payload)[0], self._offset, now_ms)

    def _take_quotes(self, payload: bytes, now_ms: int) -> None:
        self._quotes.apply(self._quote_heads.decode(payload), now_ms)

    def _take_halts(self, payload: bytes, now_ms: int) -> None:
        events, raws, _ = self._halt_events.decode(payload)
        self._halt_book.apply(zip(events, map(bytes, raws), strict=True), self._offset, now_ms)

    def _take_article(self, payload: bytes, now_ms: int) -> None:
        self._archive.file(
            article.read(payload, now_ms), Origin(PARTITION, self._offset, now_ms), self._offset
        )

    def _values(self) -> Iterator[tuple[str, Value]]:
        self._latest.update(self._changed())
        yield from self._latest.items()
        for direction, feed in alert.FEEDS.items():
            yield feed.key(), self._alerts[direction].values()
        halts = latest.Merger(1).accept(latest.make_partial(PARTITION, self._halts))
        yield feeds.HALTS_LATEST.key(), halts.entries if halts else []
        for symbol, day in self._bars.days.items():
            for span, feed in BAR_FEEDS.items():
                yield feed.key(symbol), [_encode(bar) for bar in day.bars(0, span)]
        yield feeds.NEWS_LATEST.key(), self._archive.newest(None, feeds.NEWS_LATEST.bound)
        for ticker in self._archive.by_ticker:
            yield (
                feeds.NEWS_TICKER.key(ticker),
                self._archive.newest(ticker, feeds.NEWS_TICKER.bound),
            )

    def _changed(self) -> Iterator[tuple[str, bytes]]:
        """Yield the latest values that have changed since the last call."""
        best = self._scanner.partial()
        if best is not None:
            self._boards.accept(best)
        yield from ((feed.key(), board) for feed, board in self._boards.boards().items())
        standings = self._trades.partial()
        if standings is not None:
            self._top_trades.accept(standings)
        widgets = self._top_trades.widgets()
        if widgets is not None:
            yield feeds.TOP_TRADES_ALL.key(), widgets.everything
        yield feeds.NEWS_RECENT.key(), _encode(self._archive.newest_times())
        self._bars.changed.clear()
        raws = [(symbol, self._bars.days[symbol].raw) for symbol in self._bars.newer]
        self._bars.newer.clear()
        for feed, values in (
            (feeds.QUOTE, self._scanner.quotes().items()),
            (feeds.DAILY_RANGE, self._scanner.ranges().items()),
            (feeds.AGGREGATE, raws),
            (feeds.TRADE, self._trades.last_trades()),
            (feeds.QUOTE_NBBO, self._quotes.values()),
            (feeds.LULD, ((symbol, row.raw) for symbol, row in self._halts.items())),
        ):
            yield from ((feed.key(symbol), value) for symbol, value in values)
