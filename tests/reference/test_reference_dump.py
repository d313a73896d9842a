"""``streams reference dump`` writes what md.reference holds, and a backtest reads it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from pathlib import Path

from aiokafka import AIOKafkaProducer

from streams.backtest.references import read_references
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import REFERENCE

DAYS_MS = (1_499_673_600_000, 1_499_760_000_000)
TIMEOUT_S = 60.0


async def test_what_is_dumped_is_read_by_a_backtest(kafka_bootstrap: str, tmp_path: Path) -> None:
    environment = {
        "KAFKA_BOOTSTRAP": kafka_bootstrap,
        "KAFKA_TOPIC_PREFIX": f"d{uuid.uuid4().hex[:8]}.",
        "KAFKA_PARTITIONS": "3",
    }
    settings = Settings.model_validate({name.lower(): value for name, value in environment.items()})
    await create_topics(settings)
    topic = settings.topic(REFERENCE)
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:

        async def send(symbol: str, value: bytes | None) -> None:
            await producer.send_and_wait(topic, value, key=symbol.encode())

        for close, day_ms in ((7.0, DAYS_MS[0]), (8.0, DAYS_MS[0]), (9.0, DAYS_MS[1])):
            for symbol in ("日本", "BRK.B", "GONE"):
                known = {"symbol": symbol, "day_ms": day_ms, "prev_day_close": close}
                await send(symbol, json.dumps(known, indent=1).encode())
        await send("GONE", None)
        await send("BAD", b'{"symbol":5}')
    dumping = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "reference", "dump"),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(dumping.communicate(), TIMEOUT_S)
    assert dumping.returncode == 0
    assert err.decode() == "4 lines of reference data, 1 records were none\n"
    path = tmp_path / "reference.ndjson"
    path.write_bytes(out)
    book = read_references(path)
    found = {
        (symbol, day_ms): reference and reference.prev_day_close
        for symbol in ("日本", "BRK.B", "GONE")
        for day_ms in DAYS_MS
        for reference in [book.on(symbol, day_ms)]
    }
    assert found == {
        (symbol, day_ms): close
        for symbol, closes in {"日本": (8.0, 9.0), "BRK.B": (8.0, 9.0), "GONE": (None, None)}.items()
        for day_ms, close in zip(DAYS_MS, closes, strict=True)
    }
