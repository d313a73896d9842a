"""Leaderboards: which rows stand on a board, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from streams import feeds

SIZE: Final = 500
"""Most rows of a board."""


class Standing(msgspec.Struct, gc=False, array_like=True):
    """A symbol as the boards see it: what it is ranked by, and its row as JSON.

    Attributes:
        day_ms: Start of its trading day; since_ms: start of its baseline. Both ms since 1970 UTC.
        row: The row, a JSON object without its rank.
    """

    symbol: str
    day_ms: int
    since_ms: int
    accumulated_volume: float
    pct_change: float | None
    pct_change_since_open: float | None
    row: bytes


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard, best first, ties by symbol.

    Attributes:
        feed: Where it is published.
        score: What it ranks by, greatest first; a symbol whose score is None is not ranked.
        restarts_at_open: Whether standings from before 09:30 ET leave it at 09:30 ET.
    """

    feed: feeds.Feed
    score: Callable[[Standing], float | None]
    restarts_at_open: bool = False


BOARDS: Final = (
    Board(feeds.TOP_VOLUME, lambda standing: standing.accumulated_volume),
    Board(feeds.TOP_GAPPERS, lambda standing: standing.pct_change),
    Board(feeds.TOP_GAINERS, lambda standing: standing.pct_change_since_open, restarts_at_open=True),
)


def rank(standings: Iterable[Standing], board: Board, size: int = SIZE) -> list[Standing]:
    """Return the best ``size`` of ``standings``, best first.

    Only the newest trading day among them counts: no symbol from an earlier day stays on a board. Where the
    board restarts at the open, only the newest baseline counts.
    """
    candidates = list(standings)
    if board.restarts_at_open:
        newest = max((standing.since_ms for standing in candidates), default=0)
        current = (standing for standing in candidates if standing.since_ms == newest)
    else:
        newest = max((standing.day_ms for standing in candidates), default=0)
        current = (standing for standing in candidates if standing.day_ms == newest)
    ranked = [
        (-score, standing.symbol, standing)
        for standing in current
        if (score := board.score(standing)) is not None
    ]
    ranked.sort()
    return [standing for _, _, standing in ranked[:size]]


def render(ranked: Iterable[Standing]) -> bytes:
    """Return a board as its clients get it: a JSON array of rows, each with its rank first."""
    return (
        b"["
        + b",".join(
            b'{"rank":%d,%b' % (number, standing.row[1:]) for number, standing in enumerate(ranked, 1)
        )
        + b"]"
    )
