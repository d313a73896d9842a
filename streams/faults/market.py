"""What is played: a seeded market in pieces, with its news and reference data, made once a run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import numpy as np

from streams.sessions import MarketCalendar, at
from streams.sim.articles import ArticleWriter, SimArticle
from streams.sim.history import History
from streams.sim.market import UNITS
from streams.sim.simulator import start_time
from streams.sim.symbols import Listing, make_listings
from streams.sim.tape import Tape

START: Final = time(9, 29, 50)
"""New York. The first piece ends with the open, so that alerts compare with the pre-market's range."""
FIRST_S: Final = 10
NEWS_A_MINUTE: Final = 300.0
FRAMES_A_SECOND: Final = 20
HALTS_PER_HOUR: Final = 360.0
PAST_SESSIONS: Final = 3
SECOND_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Some seconds of the market.

    Attributes:
        frames: The vendor's messages, one a line.
        news: The news vendor's articles, one a line.
        seconds: How long it is at speed 1.
        events: How many events it has, by the vendor's type; articles as ``article``.
    """

    frames: Path
    news: Path
    seconds: int
    events: Counter[str]


@dataclass(frozen=True, slots=True)
class RecordedMarket:
    """The pieces, which follow each other without a gap, and the reference data of their symbols."""

    pieces: Sequence[Piece]
    reference: Path


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
    pieces, end_ms = [], start_ms
    for number, length in enumerate((FIRST_S, *seconds)):
        end_ms += length * SECOND_MS
        frames, news = folder / f"market-{number}.ndjson", folder / f"news-{number}.ndjson"
        events = _write_frames(frames, tape, length, rate)
        events[ARTICLE] = _write_news(news, articles, end_ms)
        pieces.append(Piece(frames, news, length, events))
    reference = folder / "reference.ndjson"
    _write_reference(reference, listings, history, calendar, day)
    return RecordedMarket(pieces, reference)


def _write_frames(path: Path, tape: Tape, seconds: int, rate: float) -> Counter[str]:
    events: Counter[str] = Counter()
    with path.open("wb") as file:
        for _ in range(seconds):
            for frame in tape.next_second(rate, FRAMES_A_SECOND):
                file.write(frame.payload + b"\n")
                events.update(frame.counts)
    return events


def _write_news(path: Path, articles: Iterator[SimArticle], end_ms: int) -> int:
    # The one behind the end is dropped: what comes next is later still.
    written = [json.dumps(each.fields) for each in takewhile(lambda each: each.due_ms < end_ms, articles)]
    path.write_text("".join(f"{line}\n" for line in written))
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
