"""The whole platform, with a Redis of its own that may be taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.local.redis import RedisServer
from tests.integration.pipeline import Pipeline


@pytest.fixture
async def pipeline(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Pipeline]:
    """Return a pipeline that is still to be started."""
    async with RedisServer() as redis:
        yield Pipeline(kafka_bootstrap, redis, tmp_path)
