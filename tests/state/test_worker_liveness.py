"""A worker that does not read on says so, and one that does says that. On the real broker, under load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from streams.settings import Settings
from tests.integration.workers import eventually

if TYPE_CHECKING:
    from tests.state.conftest import Counting, Load

STALL_S = 2.0


@pytest.fixture
def count_settings(count_settings: Settings) -> Settings:
    return count_settings.model_copy(update={"worker_stall_s": STALL_S, "worker_session_timeout_s": 4.0})


async def test_a_worker_is_alive_until_it_stops_reading_and_again_when_it_goes_on(
    counting: Counting, load: Load
) -> None:
    worker = await counting.workers.start("same")
    hang = counting.workers.folder / "hang"

    async def live() -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{worker.port}/live", timeout=20)

    async def is_stalled() -> bool:
        return (await live()).status_code == 503

    async def is_alive() -> bool:
        return (await live()).status_code == 200

    await load.send_for(1)
    assert (await live()).json() == {"alive": True, "stalled": []}
    hang.touch()
    await eventually(is_stalled)
    assert f"{counting.settings.kafka_topic_prefix}aggregates" in (await live()).json()["stalled"][0]
    hang.unlink()
    await eventually(is_alive)
    await load.end()
