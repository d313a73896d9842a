"""The demo's own clients of the WDS: they see what any client sees, and measure when."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import msgspec
from pydantic import SecretStr

from streams import feeds
from streams.client import WidgetClient
from streams.demo.latency import LatencyMeter
from streams.feeds import Feed
from streams.platform.probe import Probe

BOARDS: Final = (feeds.TOP_GAPPERS, feeds.TOP_GAINERS, feeds.TOP_VOLUME)
SAMPLE: Final = 50
"""Symbols whose quotes are timed: those traded most, so that there is something to time."""
ASK_S: Final = 0.5


class BoardRow(msgspec.Struct):
    """What is shown of a board's row. Price in dollars, percents as 12.3, volume in shares."""

    rank: int
    symbol: str
    close: float
    accumulated_volume: float
    pct_change: float | None = None
    pct_change_since_open: float | None = None


class _Quote(msgspec.Struct):
    symbol: str
    end_timestamp: int


_rows: Final = msgspec.json.Decoder(list[BoardRow])
_quote: Final = msgspec.json.Decoder(_Quote)


class Spectator:
    """Watches the boards and the quotes of a few symbols, each on a connection of its own.

    Args:
        url: The WDS's WebSocket address.
        key: The client's key; None where none is needed.
        sent_url: Where the simulator tells when it sent which bar.

    Attributes:
        board_updates: How many boards have arrived.
        latency: From the simulator to here.
    """

    def __init__(self, url: str, key: SecretStr | None, sent_url: str) -> None:
        self.board_updates = 0
        self.latency = LatencyMeter()
        self._url = url
        self._key = key
        self._sent_url = sent_url
        self._boards: dict[Feed, bytes] = {}
        self._subscribed: set[Feed] = set()
        self._ready = asyncio.Event()
        self._sampled = asyncio.Event()
        self._sample: list[str] = []

    async def run(self, probe: Probe) -> None:
        """Watch until cancelled.

        Raises:
            StreamsError: The WDS refuses the client.
        """
        async with asyncio.TaskGroup() as group:
            for board in BOARDS:
                group.create_task(self._watch(board))
            group.create_task(self._time_quotes())
            group.create_task(self._ask_when_sent(probe))

    async def until_ready(self) -> None:
        """Wait until the boards are subscribed."""
        await self._ready.wait()

    def board(self, feed: Feed) -> list[BoardRow]:
        """Return the newest state of a board, best first."""
        payload = self._boards.get(feed)
        return [] if payload is None else _rows.decode(payload)

    async def _watch(self, board: Feed) -> None:
        async with WidgetClient(self._url, self._key) as client:
            await client.subscribe(board.key())
            self._subscribed.add(board)
            if len(self._subscribed) == len(BOARDS):
                self._ready.set()
            async for payload in client.payloads():
                self._boards[board] = payload
                self.board_updates += 1
                if board is feeds.TOP_VOLUME and not self._sample:
                    self._choose_sample()

    def _choose_sample(self) -> None:
        self._sample = [row.symbol for row in self.board(feeds.TOP_VOLUME)[:SAMPLE]]
        if self._sample:
            self._sampled.set()

    async def _time_quotes(self) -> None:
        await self._sampled.wait()
        async with WidgetClient(self._url, self._key) as client:
            await client.subscribe(*(feeds.QUOTE.key(symbol) for symbol in self._sample))
            async for payload in client.payloads():
                now_ns = time.time_ns()
                quote = _quote.decode(payload)
                self.latency.received(quote.symbol, quote.end_timestamp, now_ns)

    async def _ask_when_sent(self, probe: Probe) -> None:
        await self._sampled.wait()
        while True:
            bars = await probe.fetch(self._sent_url, symbols=",".join(self._sample))
            if isinstance(bars, list):
                self.latency.sent(bars)
            await asyncio.sleep(ASK_S)
