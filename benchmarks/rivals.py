"""What the fan-out is compared with, and the service itself, each as a process of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import os
import socket
from multiprocessing.connection import Connection
from typing import Any, Final, cast

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import SecretStr
from redis.asyncio import Redis
from websockets.frames import Frame, Opcode

from benchmarks.crowd import CHANNEL, Case, raise_limit, text
from streams.platform import wds_workers
from streams.settings import Settings
from streams.wds import pauses
from streams.wds.service import WidgetDataService

ACCEPT: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BACKLOG: Final = 2_048
CROWD: Final = 20_000
"""More clients than any case has."""


class _Bare(asyncio.Protocol):
    """A WebSocket server that knows no more than the handshake."""

    def __init__(self, floor: _Floor) -> None:
        self._floor = floor
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + ACCEPT).digest())  # noqa: S324  the protocol's own
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept
        )
        self._floor.transports.append(self._transport)

    def pause_writing(self) -> None:
        self._floor.paused.add(self)

    def resume_writing(self) -> None:
        self._floor.paused.discard(self)
        if not self._floor.paused:
            self._floor.resumed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._floor.transports.remove(self._transport)
        self.resume_writing()


class _Floor:
    """Writes one prebuilt frame to every transport, as fast as they take it."""

    def __init__(self, case: Case) -> None:
        self._frame = Frame(Opcode.TEXT, text(case.size)).serialize(mask=False)
        self.transports: list[asyncio.Transport] = []
        self.paused: set[_Bare] = set()
        self.resumed = asyncio.Event()

    async def serve(self, pipe: Connection) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Bare(self), "127.0.0.1", 0, backlog=BACKLOG)
        pipe.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, pipe.recv)
        while True:
            for transport in self.transports:
                transport.write(self._frame)
            await asyncio.sleep(0)
            while self.paused:
                self.resumed.clear()
                await self.resumed.wait()


async def _serve_naive(case: Case, redis: str, pipe: Connection) -> None:
    app = FastAPI()
    sockets: set[WebSocket] = set()

    @app.websocket("/ws")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        sockets.add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            sockets.discard(websocket)

    async def fan_out() -> None:
        async with Redis.from_url(redis) as client, client.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "message":
                    payload = message["data"].decode()
                    for websocket in tuple(sockets):
                        await websocket.send_text(payload)

    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listening:
        pipe.send(listening.getsockname()[1])
        config = uvicorn.Config(
            app,
            log_level="critical",
            lifespan="off",
            ws_per_message_deflate=case.compressed,
            ws_ping_interval=None,
        )
        await asyncio.gather(uvicorn.Server(config).serve(sockets=[listening]), fan_out())


def service_settings(redis: str) -> Settings:
    """Return the settings under which the service is measured: no limit that a crowd would meet."""
    return Settings(
        mdc_redis_url=SecretStr(redis),
        wdc_redis_url=SecretStr(redis),
        wds_host="127.0.0.1",
        wds_port=0,
        wds_own_port=0,
        wds_max_clients=CROWD,
        wds_max_clients_per_address=CROWD,
        wds_ping_interval_s=3_600,  # The crowd answers none.
        auth_enabled=False,
    )


async def _serve_service(case: Case, redis: str, pipe: Connection) -> None:
    settings = service_settings(redis)
    if case.slow_after_s:
        settings = settings.model_copy(update={"wds_slow_after_s": case.slow_after_s})
    async with WidgetDataService(settings) as service:
        pauses.shorten()
        pipe.send(service.port)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, pipe.recv) != "counters":
            pass
        pipe.send(_lost(service.counters.snapshot()))
        await asyncio.Event().wait()


async def _serve_workers(case: Case, redis: str, pipe: Connection) -> None:
    settings = service_settings(redis).model_copy(update={"wds_workers": case.workers})
    # Processes have their settings from the environment.
    os.environ |= {
        "MDC_REDIS_URL": redis,
        "WDC_REDIS_URL": redis,
        "WDS_HOST": settings.wds_host,
        "WDS_MAX_CLIENTS": str(CROWD),
        "WDS_MAX_CLIENTS_PER_ADDRESS": str(CROWD),
        "WDS_PING_INTERVAL_S": "3600",
        "AUTH_ENABLED": "false",
        "LOG_LEVEL": "ERROR",
    }
    await wds_workers.run(settings, asyncio.Event(), pipe.send)


def _lost(counters: dict[str, Any]) -> dict[str, Any]:
    names = ("dropped", "conflated", "cut_off", "refused")
    return {name: counters[name] for name in names if name in counters}


def be(case: Case, redis: str, pipe: Connection) -> None:
    """Be the server of one case: its port is sent first. Runs until it is killed.

    Args:
        case: What is measured.
        redis: URL of the Redis that is read.
        pipe: To whoever started this. ``go`` starts the floor; ``counters`` asks the service for them.
    """
    raise_limit()
    logging.basicConfig(level="ERROR")
    if case.server == "floor":
        uvloop.run(_Floor(case).serve(pipe))
    elif case.server == "naive":
        uvloop.run(_serve_naive(case, redis, pipe))
    elif case.workers > 1:
        asyncio.run(_serve_workers(case, redis, pipe))
    else:
        uvloop.run(_serve_service(case, redis, pipe))
