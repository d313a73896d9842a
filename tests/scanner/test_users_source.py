"""Users' screeners as a worker reads them, from a real broker."""

from __future__ import annotations

import asyncio
import uuid

from streams.scanner import user_screeners
from streams.scanner.users_source import UsersSource
from streams.settings import Settings
from streams.telemetry import Counters
from streams.topic_admin import create_topics
from streams.topics import SCREENERS
from streams.writer import RecordWriter
from tests.integration.workers import eventually

BOARD = user_screeners.board_of(1, "mine")


async def test_a_record_that_cannot_be_read_and_a_topic_that_is_not_there_take_nothing_away(
    kafka_bootstrap: str,
) -> None:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix=f"v{uuid.uuid4().hex[:8]}.")
    counters = Counters()
    source, writer = UsersSource(settings, counters), RecordWriter(settings)
    changes: list[int] = []

    async def tell(record: bytes) -> None:
        assert await writer.write(settings.topic(SCREENERS), 0, [(user_screeners.KEY, record)])

    def counted(reason: str) -> int:
        return counters.get("user_screeners", reason)

    async def is_refused() -> bool:
        return counted("refused") == 1

    async def is_removed() -> bool:
        return not source.screeners and counted("read") == 2

    following = asyncio.create_task(source.run(lambda: changes.append(len(source.screeners))))
    try:
        # A worker does not wait for a topic that nobody has made yet.
        await asyncio.wait_for(source.known(), 60)
        assert not source.screeners
        await create_topics(settings)
        await tell(user_screeners.encode({BOARD: {"sort": "price"}}))
        await tell(b"\xff{")
        await eventually(is_refused, 60)
        assert [screener.name for screener in source.screeners] == [BOARD]
        await tell(user_screeners.encode({}))
        await eventually(is_removed, 60)
        assert changes == [1, 0]
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await writer.close()
