"""A service that is told to stop, and its clients."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streams.local.process import free_port
from streams.settings import Settings
from streams.wds.service import WidgetDataService

TIMEOUT_S = 30.0
CLIENTS = 200
DRAIN_S = 2.0


async def leave(socket: ClientConnection) -> tuple[int | None, float]:
    """Wait until a client is sent away; return the close code and when."""
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(socket.recv(), TIMEOUT_S)
    return socket.close_code, time.monotonic()


async def test_clients_are_sent_away_one_after_the_other_and_nobody_comes_in(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    service = WidgetDataService(settings.model_copy(update={"wds_drain_s": DRAIN_S}))
    await service.start()
    url = f"127.0.0.1:{service.port}"
    sockets = await asyncio.gather(*(connect(f"ws://{url}/ws", proxy=None) for _ in range(CLIENTS)))
    leaving = asyncio.gather(*map(leave, sockets))
    closing = asyncio.create_task(service.close())
    await asyncio.sleep(0)
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"ws://{url}/ws", proxy=None)
    async with httpx.AsyncClient(base_url=f"http://{url}", trust_env=False) as http:
        asked = ("/readyz", "/healthz", "/feeds")
        ready, alive, refused = await asyncio.gather(*map(http.get, asked))
    codes, times = zip(*await leaving, strict=True)
    await asyncio.wait_for(closing, TIMEOUT_S)
    assert (ready.status_code, alive.status_code, refused.status_code) == (503, 200, 503)
    assert (caught.value.response.status_code, caught.value.response.headers["retry-after"]) == (503, "1")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert set(codes) == {1012}
    # Evenly: no quarter of the time sees half of them go.
    quarters = [int(4 * (when - min(times)) / (max(times) - min(times))) for when in times]
    assert max(times) - min(times) > DRAIN_S / 2
    assert max(map(quarters.count, range(4))) < CLIENTS / 2


async def test_a_second_sigterm_ends_it_at_once(settings: Settings) -> None:
    port = free_port("127.0.0.1")
    environment = {
        **os.environ,
        "WDC_REDIS_URL": settings.wdc_redis_url.get_secret_value(),
        "MDC_REDIS_URL": settings.mdc_redis_url.get_secret_value(),
        "WDS_HOST": "127.0.0.1",
        "WDS_PORT": str(port),
        "WDS_DRAIN_S": "600",
        "AUTH_ENABLED": "false",
    }
    command = [sys.executable, "-m", "streams", "wds"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            await until(http, 200)
            sockets = [await connect(f"ws://127.0.0.1:{port}/ws", proxy=None) for _ in range(2)]
            process.terminate()
            await until(http, 503)
            process.send_signal(signal.SIGTERM)
            _, said = await asyncio.to_thread(process.communicate, None, TIMEOUT_S)
        for socket in sockets:
            await socket.close()
        assert "Traceback" not in said
    finally:
        process.kill()
        process.wait()


async def until(http: httpx.AsyncClient, status: int) -> None:
    """Wait until a service says that it is ready, or that it is not."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            try:
                if (await http.get("/readyz")).status_code == status:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)
