"""Tells the scanner's workers of users' screeners: one record in Kafka holds all that the database has."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any, Final

from streams import topics
from streams.backoff import Backoff
from streams.errors import UnavailableError
from streams.scanner import user_screeners
from streams.scp.screener_check import faults_of
from streams.scp.shelves import SCREENERS, Shelves
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.writer import RecordWriter

POLL_S: Final = 2.0
"""How often the database is asked: another control plane may have changed it, or an account be gone."""
PAUSE_S: Final = 0.2
"""Shortest time between two records: changes that come together are one."""
REPEAT_S: Final = 300.0
"""After this time it is sent again, whatever became of the last one: the topic may have been made anew."""

logger: Final = logging.getLogger(__name__)


class ScreenerRelay:
    """Keeps the topic like the database. While Kafka is away it tries on; the workers keep what they know.

    Args:
        settings: Where Kafka is, and how many screeners there may be in all.
        shelves: Users' documents.
        counters: Counts ``screeners_published``, gauges ``screeners`` and ``screeners_left_out``.
    """

    def __init__(self, settings: Settings, shelves: Shelves, counters: Counters) -> None:
        self._topic = settings.topic(topics.SCREENERS)
        self._most = settings.scp_screeners_max
        self._shelves = shelves
        self._counters = counters
        self._writer = RecordWriter(settings)
        self._changed = asyncio.Event()
        self._sent, self._sent_at = b"", 0.0
        self._told = 0
        self._left_out: dict[tuple[str, ...], float] = {}
        self._reporter = Reporter(logger)
        counters.watch("screeners", lambda: self._told)
        counters.watch("screeners_left_out", lambda: self._left_out)

    def changed(self) -> None:
        """Have the database asked at once."""
        self._changed.set()

    async def run(self) -> None:
        """Tell the workers at the start and of every change, for ever."""
        backoff = Backoff()
        try:
            while True:
                if await self._tell():
                    backoff.reset()
                    await asyncio.sleep(PAUSE_S)
                    await self._wait()
                else:
                    await backoff.pause()
        finally:
            await self._writer.close()

    async def _tell(self) -> bool:
        """Return whether the workers can know all that the database has."""
        try:
            record = user_screeners.encode(await self._tables())
        except UnavailableError as error:
            self._reporter.warn("users' screeners cannot be read, trying again", str(error))
            return False
        if record == self._sent and time.monotonic() - self._sent_at < REPEAT_S:
            return True
        if await self._writer.write(self._topic, 0, [(user_screeners.KEY, record)]) is None:
            return False
        self._sent, self._sent_at = record, time.monotonic()
        self._counters.add("screeners_published")
        return True

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def _tables(self) -> dict[str, dict[str, Any]]:
        """Return every screener that can be used, by its board."""
        tables: dict[str, dict[str, Any]] = {}
        invalid = 0
        for account_id, name, content in await self._shelves.everyones(SCREENERS):
            board, table = user_screeners.board_of(account_id, name), json.loads(content)
            if faults_of(board, table):
                invalid += 1  # stored before documents were checked, or by a later version
            else:
                tables[board] = table
        kept = dict(list(tables.items())[: self._most])
        self._told = len(kept)
        self._left_out = {("invalid",): invalid, ("too_many",): len(tables) - len(kept)}
        return kept
