"""Reads md.reference whenever something has been written to it, and keeps what it covers."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from streams.backoff import Backoff
from streams.errors import UnavailableError
from streams.reference.coverage import Coverage
from streams.reference.schedule import day_due
from streams.reference.survey import survey
from streams.scp.clock import now_ms
from streams.scp.reference_report import report
from streams.scp.topic_watch import TopicWatch
from streams.sessions import MarketCalendar
from streams.settings import Settings
from streams.topics import REFERENCE

LOOK_S: Final = 0.5
"""How often it looks whether something was written: the watch of the topics knows, Kafka is not asked."""
PAUSE_S: Final = 10.0
"""Shortest time between two readings: while reference data is loaded something is written all the time."""
READ_S: Final = 60.0
"""Longest that one may take."""
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
DUE_MS: Final = 15 * 60 * 1000
"""So long before a trading day its data must be there: at 03:45 ET."""


class ReferenceWatch:
    """Keeps what is known of reference data; one reader at a time.

    Args:
        settings: Where Kafka is.
        topics: Knows when something was written.
        calendar: The exchange's.
    """

    def __init__(self, settings: Settings, topics: TopicWatch, calendar: MarketCalendar) -> None:
        self._settings = settings
        self._topics = topics
        self._calendar = calendar
        self._topic = settings.topic(REFERENCE)
        self._coverage: Coverage | None = None
        self._ends: dict[int, int] | None = None
        self._read_ms: int | None = None
        self._problem: str | None = None

    def describe(self, replayed_ms: int | None) -> dict[str, Any]:
        """Return what is known; where Kafka is away, what was known last, and what is wrong.

        Args:
            replayed_ms: How far a replay is, ms since 1970 UTC: its day's data must be there. None for none.
        """
        due = day_due(self._calendar, now_ms() if replayed_ms is None else replayed_ms, DUE_MS)
        problem = self._topics.problem(self._topic) or self._problem
        is_unchanged = problem is None and self._ends == self._topics.ends(self._topic)
        return {
            "at_ms": now_ms(),
            "problem": problem,
            "read_ms": self._topics.read_ms if is_unchanged else self._read_ms,
            "due": due.date.isoformat(),
            "due_ms": due.start_ms,
            "is_replay": replayed_ms is not None,
            **report(self._coverage, due, self._calendar),
        }

    async def run(self) -> None:
        """Read, until cancelled."""
        backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
        while True:
            await asyncio.sleep(LOOK_S)
            ends = self._topics.ends(self._topic)
            if ends is None or ends == self._ends:
                continue
            await self._read(ends)
            if self._ends == ends:
                backoff.reset()
                await asyncio.sleep(PAUSE_S)
            else:
                await backoff.pause()

    async def _read(self, ends: dict[int, int]) -> None:
        """Read all of it once; ``ends`` is where its partitions ended before that."""
        if not ends:
            self._keep(Coverage(), ends, f"there is no topic {self._topic}: streams topics create")
            return
        try:
            async with asyncio.timeout(READ_S):
                self._keep(await survey(self._settings), ends, None)
        except UnavailableError as error:
            self._problem = str(error)
        except TimeoutError:
            self._problem = f"{self._topic} could not be read in {READ_S:g} s"

    def _keep(self, coverage: Coverage, ends: dict[int, int], problem: str | None) -> None:
        self._coverage, self._ends, self._problem, self._read_ms = coverage, ends, problem, now_ms()
