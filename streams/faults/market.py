"""What is played: a seeded market with its news and reference data, made once a run, and its pieces."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from streams.sessions import MarketCalendar, at
from streams.sim.articles import ArticleWriter, SimArticle
from streams.sim.history import History
from streams.sim.market import UNITS
from streams.sim.simulator import start_time
from streams.sim.symbols import Listing, make_listings
from streams.sim.tape import Tape

START: Final = time(9, 29, 55)
"""New York. The first piece ends with the open, so that alerts compare with the pre-market's range."""
FIRST_S: Final = 5
NEWS_A_MINUTE: Final = 300.0
FRAMES_A_SECOND: Final = 20
HALTS_PER_HOUR: Final = 360.0
PAST_SESSIONS: Final = 3
SECOND_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Some seconds of the market.

    Attributes:
        frames: Its vendor's messages, numbered from the market's beginning.
        articles: Its news vendor's articles, likewise.
        seconds: How long it is.
        events: How many events it has, by the vendor's type; articles as ``article``.
    """

    frames: range
    articles: range
    seconds: int
    events: Counter[str]


@dataclass(frozen=True, slots=True)
class RecordedMarket:
    """A market in files.

    Attributes:
        frames: The vendor's messages, one a line.
        news: The news vendor's articles, one a line.
        reference: Reference data, one symbol a line.
        pieces: The whole in pieces that follow each other without a gap.
        starts: Where in the file each message begins, and where the last one ends, in bytes.
    """

    frames: Path
    news: Path
    reference: Path
    pieces: Sequence[Piece]
    starts: Sequence[int]

    def frames_of(self, piece: Piece) -> Iterator[bytes]:
        """Yield the messages of a piece."""
        with self.frames.open("rb") as file:
            file.seek(self.starts[piece.frames.start])
            yield from map(bytes.rstrip, islice(file, len(piece.frames)))

    def articles_of(self, piece: Piece) -> list[bytes]:
        """Return the articles of a piece."""
        articles = self.news.read_bytes().splitlines()
        return articles[piece.articles.start : piece.articles.stop]


ARTICLE: Final = "article"


def record_market(
    folder: Path, seconds: Sequence[int], *, symbols: int, rate: float, seed: int
) -> RecordedMarket:
    """Write a market to files: the last whole session from just before its open.

    Args:
        folder: Where to.
        seconds: How long each piece is, after the first, whose ``FIRST_S`` end at the open.
        symbols: How many listings trade.
        rate: Events a second in regular trading.
        seed: What all randomness comes from.

    Returns:
        The files. The same arguments on the same day give the same market.
    """
    calendar = MarketCalendar()
    day = calendar.day_at(start_time(None, calendar)).date
    start_ms = at(day, START)
    listings = make_listings(symbols, seed)
    history = History(listings, day, seed=seed, calendar=calendar)
    tape = Tape(
        listings,
        history.closes,
        seed=seed,
        start_ms=start_ms,
        halts_per_hour=HALTS_PER_HOUR,
        calendar=calendar,
    )
    articles = iter(ArticleWriter(listings, seed=seed, start_ms=start_ms, per_minute=NEWS_A_MINUTE))
    paths = folder / "market.ndjson", folder / "news.ndjson", folder / "reference.ndjson"
    pieces: list[Piece] = []
    starts, articles_before = [0], 0
    end_ms = start_ms
    with paths[0].open("wb") as frames, paths[1].open("wb") as news:
        for length in (FIRST_S, *seconds):
            end_ms += length * SECOND_MS
            frames_before = len(starts) - 1
            events = _write_frames(frames, starts, tape, length, rate)
            events[ARTICLE] = _write_news(news, articles, end_ms)
            articles_end = articles_before + events[ARTICLE]
            pieces.append(
                Piece(
                    range(frames_before, len(starts) - 1),
                    range(articles_before, articles_end),
                    length,
                    events,
                )
            )
            articles_before = articles_end
    _write_reference(paths[2], listings, history, calendar, day)
    return RecordedMarket(*paths, pieces, starts)


def _write_frames(file: BinaryIO, starts: list[int], tape: Tape, seconds: int, rate: float) -> Counter[str]:
    events: Counter[str] = Counter()
    for _ in range(seconds):
        for frame in tape.next_second(rate, FRAMES_A_SECOND):
            starts.append(starts[-1] + file.write(frame.payload + b"\n"))
            events.update(frame.counts)
    return events


def _write_news(file: BinaryIO, articles: Iterator[SimArticle], end_ms: int) -> int:
    # The one behind the end is dropped: what comes next is later still.
    written = [json.dumps(each.fields) for each in takewhile(lambda each: each.due_ms < end_ms, articles)]
    file.write("".join(f"{line}\n" for line in written).encode())
    return len(written)


def _write_reference(
    path: Path, listings: Sequence[Listing], history: History, calendar: MarketCalendar, day: date
) -> None:
    daily: list[list[dict[str, Any]]] = [[] for _ in listings]
    for _ in range(PAST_SESSIONS):
        day = calendar.previous_session(day)
        bars = history.bars(day)
        if bars is None:
            break
        columns = np.stack([bars.open, bars.high, bars.low, bars.close, bars.vwap], axis=1) / UNITS
        for bars_of, prices, volume in zip(daily, columns.tolist(), bars.volume.tolist(), strict=True):
            named = dict(zip(("o", "h", "l", "c", "vw"), prices, strict=True))
            bars_of.append({"date": day.isoformat(), **named, "v": volume})
    companies = (
        {
            "symbol": listing.symbol,
            "type": listing.security_type,
            "primary_exchange": listing.exchange,
            "free_float": listing.free_float,
            "daily": bars_of,
        }
        for listing, bars_of in zip(listings, daily, strict=True)
    )
    path.write_text("".join(f"{json.dumps(company)}\n" for company in companies))
