"""A crowd of WebSocket clients that costs little: it counts frames by their headers, in a process of its own.

The same process publishes what the clients then receive, so that it knows how much is under way.
"""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final, cast
from urllib.parse import urlsplit

import uvloop
from websockets.frames import Frame, Opcode

from benchmarks.load import Load

CHANNEL: Final = "daily_range_hod_alert"
"""A list's feed: none of its values may take another's place."""
HANDSHAKE: Final = (
    "GET /ws HTTP/1.1\r\nHost: benchmark\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
DEFLATE: Final = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
SUBSCRIBE: Final = Frame(Opcode.TEXT, b'{"action":"subscribe","feed":"%s"}' % CHANNEL.encode()).serialize(
    mask=True
)
STAMP: Final = slice(5, 24)
"""Where a payload holds the time at which it was published, ns on the monotonic clock."""
SAMPLED: Final = 50
"""About so many clients look at the time."""
PATIENCE_S: Final = 60.0
IN_FLIGHT_BYTES: Final = 1 << 30
"""Most that is under way to all clients together: the kernel has to hold it."""
CONNECTS: Final = 200
"""Connections that are opened at a time."""


@dataclass(frozen=True)
class Case:
    """One measurement.

    Attributes:
        server: ``service``, ``floor`` or ``naive``.
        clients: How many.
        size: Bytes of a payload.
        compressed: Whether clients ask for permessage-deflate.
        seconds: Length of each measurement.
        rate: Payloads published a second; 0 as many as are taken.
        idle: Whether nothing is to be sent: memory alone is measured.
        stalled: How many of the clients read nothing.
        slow_after_s: When the service cuts off who takes nothing; 0 for its own.
        workers: Processes of the service.
        window: Payloads under way at a time; 0 means some dozens of small ones, a few of large ones.
    """

    server: str
    clients: int
    size: int
    compressed: bool = False
    seconds: float = 3.0
    rate: float = 0.0
    idle: bool = False
    stalled: int = 0
    slow_after_s: float = 0.0
    workers: int = 1
    window: int = 0

    @property
    def under_way(self) -> int:
        """Payloads under way at a time."""
        most = IN_FLIGHT_BYTES // (self.size * self.clients)
        return self.window or max(1, min(64, 512 * 1024 // self.size, most))


def raise_limit() -> int:
    """Let this process open as many sockets as it may; return how many those are."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def text(size: int) -> bytes:
    """Return so many bytes of rows as a board has them: their names alike, their numbers not."""
    rows: list[bytes] = []
    length, number = 0, 1
    while length < size:
        number = number * 6_364_136_223_846_793_005 % (1 << 61)
        row = b'{"symbol":"S%d","close":%.2f,"volume":%d,"pct_change":%.3f},' % (
            number % 9_973, number % 50_021 / 100, number % 1_000_003, number % 20_011 / 1000 - 10,
        )  # fmt: skip
        rows.append(row)
        length += len(row)
    return b"".join(rows)[:size]


@dataclass
class Crowd:
    """What the clients have in common.

    Attributes:
        received: Frames, over all clients.
        wake_at: With so many received, ``woken`` is set.
        ready: Clients whose handshake is done, and whose subscription is confirmed where they ask for one.
        latencies: From publishing to the last byte, ns, of the sampled clients.
    """

    subscribes: bool
    received: int = 0
    wake_at: int = 0
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ready: int = 0
    lost: int = 0
    received_bytes: int = 0
    latencies: list[int] = field(default_factory=list)
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(256 * 1024)))


class Client(asyncio.BufferedProtocol):
    """One client: shakes hands, subscribes, then counts."""

    def __init__(self, crowd: Crowd, request: bytes, sampled: bool) -> None:
        self._crowd = crowd
        self._request = request
        self._sampled = sampled
        self._head = b""
        self._skip = 0
        self._stamp = 0
        self._is_open = False
        self._is_ready = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the WebSocket."""
        # uvloop's transports are no subclass of asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the loss."""
        self._crowd.lost += 1

    def get_buffer(self, sizehint: int) -> memoryview:
        """Read into what all share; a part of a header from before stands in front."""
        self._crowd.buffer[: len(self._head)] = self._head
        return self._crowd.buffer[len(self._head) :]

    def buffer_updated(self, nbytes: int) -> None:
        """Count the frames that are whole now."""
        crowd = self._crowd
        end = nbytes + len(self._head)
        start = 0
        if not self._is_open:
            data = bytes(crowd.buffer[:end])
            start = data.find(b"\r\n\r\n") + 4
            if start < 4:
                self._head = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(data[:100])
            self._is_open = True
            if crowd.subscribes:
                self.transport.write(SUBSCRIBE)
            else:
                self._be_ready()
        count = self._count(start, end)
        crowd.received_bytes += nbytes
        if count and not self._is_ready:
            self._be_ready()
            count -= 1
        crowd.received += count
        if crowd.received >= crowd.wake_at:
            crowd.woken.set()

    def _be_ready(self) -> None:
        self._is_ready = True
        self._crowd.ready += 1

    def _count(self, at: int, end: int) -> int:
        # Hot: one turn for each frame.
        buffer, sampled = self._crowd.buffer, self._sampled
        self._head = b""
        count = 0
        at += self._skip
        while at <= end:
            if self._skip:
                count += 1
                self._skip = 0
                if sampled and self._stamp:
                    self._crowd.latencies.append(time.monotonic_ns() - self._stamp)
            if end - at < 2:
                break
            size, header = buffer[at + 1], 2
            if size >= 126:
                header = 4 if size == 126 else 10
                if end - at < header:
                    break
                size = int.from_bytes(buffer[at + 2 : at + header])
            if sampled:
                self._stamp = self._stamped(at, header, end)
            self._skip = header + size
            at += self._skip
        if at <= end:
            self._head, self._skip = bytes(buffer[at:end]), 0
        else:
            self._skip = at - end
        return count

    def _stamped(self, at: int, header: int, end: int) -> int:
        # 0 where the payload's beginning has not all come, or holds no time.
        stamp = bytes(self._crowd.buffer[at + header : end][STAMP])
        return int(stamp) if len(stamp) == 19 and stamp.isdigit() else 0


class Publisher:
    """Publishes payloads that begin with the time."""

    def __init__(self, url: str, size: int) -> None:
        self._parts = urlsplit(url)
        self._rest = b',"x":"' + text(size - 33).replace(b'"', b"'") + b'"}'
        self._head = b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n" % (
            len(CHANNEL), CHANNEL.encode(), 24 + len(self._rest),
        )  # fmt: skip
        self._writer: asyncio.StreamWriter
        self._reading: asyncio.Task[None]
        self.published = 0

    async def open(self) -> None:
        """Connect."""
        reader, self._writer = await asyncio.open_connection(self._parts.hostname, self._parts.port)

        async def throw_replies_away() -> None:
            while await reader.read(65_536):
                pass

        self._reading = asyncio.create_task(throw_replies_away())

    def publish(self) -> None:
        """Publish one payload."""
        self._writer.write(b'%s{"t":%019d%s\r\n' % (self._head, time.monotonic_ns(), self._rest))
        self.published += 1

    def close(self) -> None:
        """Disconnect."""
        self._reading.cancel()
        self._writer.close()


async def _gather(case: Case, port: int, crowd: Crowd) -> list[Client]:
    request = (HANDSHAKE + (DEFLATE if case.compressed else "") + "\r\n").encode()
    every = max(1, case.clients // SAMPLED)
    loop = asyncio.get_running_loop()
    clients: list[Client] = []

    async def enter(number: int) -> None:
        sampled = number % every == 0 and not case.compressed
        _, client = await loop.create_connection(lambda: Client(crowd, request, sampled), "127.0.0.1", port)
        clients.append(client)

    for first in range(0, case.clients, CONNECTS):
        await asyncio.gather(*map(enter, range(first, min(first + CONNECTS, case.clients))))
    await _until(lambda: crowd.ready >= case.clients)
    return clients


async def _until(condition: Any) -> None:  # noqa: ANN401  a callable
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  counted in the hot loop, which sets no event for it
            await asyncio.sleep(0.01)


async def _flood(case: Case, crowd: Crowd, publisher: Publisher, seconds: float) -> None:
    """Keep a window of payloads under way."""
    readers = case.clients - case.stalled
    deadline = time.monotonic() + seconds
    offset = crowd.received - publisher.published * readers
    while (left := deadline - time.monotonic()) > 0:
        while publisher.published * readers - (crowd.received - offset) < case.under_way * readers:
            publisher.publish()
        crowd.wake_at = offset + (publisher.published - case.under_way // 2) * readers
        crowd.woken.clear()
        try:
            async with asyncio.timeout(left):
                await crowd.woken.wait()
        except TimeoutError:
            return


async def _pace(case: Case, publisher: Publisher, seconds: float) -> None:
    start = time.monotonic()
    for number in range(int(seconds * case.rate)):
        await asyncio.sleep(max(0, start + number / case.rate - time.monotonic()))
        publisher.publish()


def _percentile(values: list[int], part: float) -> float | None:
    return round(sorted(values)[int(len(values) * part)] / 1e6, 2) if values else None


async def _measure(case: Case, port: int, redis: str, pid: int, pipe: Connection) -> dict[str, Any]:
    load = Load(pid)
    before = load.memory()
    crowd = Crowd(subscribes=case.server == "service")
    clients = await _gather(case, port, crowd)
    await asyncio.sleep(0.5)
    grown = load.memory() - before
    figures: dict[str, Any] = {"client_kib": round(grown / case.clients / 1024, 1)}
    if not case.idle:
        for client in clients[: case.stalled]:
            client.transport.pause_reading()
        figures |= await _measure_flow(case, crowd, redis, load, pipe)
    figures["lost"] = crowd.lost
    for client in clients:
        client.transport.abort()
    return figures


async def _measure_flow(case: Case, crowd: Crowd, redis: str, load: Load, pipe: Connection) -> dict[str, Any]:
    publisher = Publisher(redis, case.size)
    await publisher.open()

    async def flow(seconds: float) -> None:
        if case.server == "floor":
            await asyncio.sleep(seconds)
        elif case.rate:
            await _pace(case, publisher, seconds)
        else:
            await _flood(case, crowd, publisher, seconds)

    pipe.send("go")
    await flow(max(0.5, case.seconds / 3))
    crowd.latencies.clear()
    received, size = crowd.received, crowd.received_bytes
    start = time.perf_counter()
    load.start()
    await flow(case.seconds)
    figures = {
        **load.figures(crowd.received - received),
        "bytes_per_s": round((crowd.received_bytes - size) / (time.perf_counter() - start)),
        "p50_ms": _percentile(crowd.latencies, 0.5),
        "p99_ms": _percentile(crowd.latencies, 0.99),
    }
    publisher.close()
    return figures


def visit(case: Case, port: int, redis: str, pid: int, pipe: Connection) -> None:
    """Be the crowd of one case: ``go`` is sent when all are there, in the end the figures.

    Args:
        case: What is measured.
        port: The server's.
        redis: URL of the Redis that the server reads.
        pid: The server's process.
        pipe: To whoever started this.
    """
    raise_limit()
    pipe.send(uvloop.run(_measure(case, port, redis, pid, pipe)))
