"""Shows what feeds carry: one connection a feed, for payloads do not name theirs."""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec
from pydantic import SecretStr
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streams.client import WidgetClient
from streams.demo.screen import percent, price, volume
from streams.errors import StreamsError
from streams.feeds import SCREENER
from streams.sessions import NEW_YORK

BOARDS: Final = SCREENER.key("")
"""What the names of boards begin with."""
SYMBOLS: Final = 40
"""Most entries that a feed of single values shows, the newest."""
REFRESHES_A_SECOND: Final = 4


class Show(Protocol):
    """Shows payloads, each the JSON of one feed's value."""

    def put(self, feed: str, payload: bytes) -> None:
        """Show a new value of ``feed``."""

    def open(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End."""


class JsonLines:
    """Payloads as they are, one a line, on stdout."""

    def put(self, feed: str, payload: bytes) -> None:  # noqa: ARG002  payloads are shown as they are
        """Write a line."""
        sys.stdout.buffer.write(payload.translate(bytes.maketrans(b"\r\n", b"  ")) + b"\n")
        sys.stdout.buffer.flush()

    def open(self) -> None:
        """Begin: nothing to do."""

    def close(self) -> None:
        """End: every line is out."""


class Tables:
    """One table a feed: a board's rows, a chart's newest bars, or the newest single values.

    Args:
        rows: Most rows of a board or a chart.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._boards: dict[str, list[dict[str, Any]]] = {}
        self._charts: dict[str, dict[int, dict[str, Any]]] = {}
        self._values: dict[str, OrderedDict[str, Any]] = {}
        self._live = Live(console=Console(), get_renderable=self._draw, refresh_per_second=REFRESHES_A_SECOND)

    def put(self, feed: str, payload: bytes) -> None:
        """Show a new value of ``feed``."""
        value = msgspec.json.decode(payload)
        if feed.startswith(BOARDS) or _is_board(value):
            # One without rows is shown, too: the rows before it count no more.
            self._boards[feed] = value or []
            return
        if feed.startswith("bars:") and not any(character in feed for character in "*?["):
            bars = value if isinstance(value, list) else [value]
            self._charts.setdefault(feed, {}).update((bar["t"], bar) for bar in bars)
            return
        entries = self._values.setdefault(feed, OrderedDict())
        for entry in reversed(value) if isinstance(value, list) else [value]:
            name = str(entry.get("symbol") or entry.get("sym") or "") if isinstance(entry, dict) else ""
            entries[name or f"#{len(entries)}"] = entry
            entries.move_to_end(name or f"#{len(entries) - 1}", last=False)
            while len(entries) > SYMBOLS:
                entries.popitem()

    def open(self) -> None:
        """Begin to draw."""
        self._live.start()

    def close(self) -> None:
        """Leave the last picture where it is."""
        self._live.stop()

    def _draw(self) -> Group:
        boards = (_board(feed, rows[: self._rows]) for feed, rows in self._boards.items())
        values = (_entries(feed, entries) for feed, entries in self._values.items())
        charts = (_chart(feed, bars, self._rows) for feed, bars in self._charts.items())
        shown = [*boards, *charts, *values]
        return Group(*shown) if shown else Group(Text("nothing has changed yet", "dim"))


async def watch_feeds(url: str, key: SecretStr | None, feeds: Sequence[str], show: Show) -> None:
    """Show the feeds' changes until cancelled, beginning with their current values.

    Raises:
        StreamsError: The service does not answer, refuses the key, or has no such feed.
    """
    clients = [WidgetClient(url, key) for _ in feeds]
    try:
        for client, feed in zip(clients, feeds, strict=True):
            await client.connect()
            await client.subscribe(feed)
        show.open()
        try:
            async with asyncio.TaskGroup() as group:
                for client, feed in zip(clients, feeds, strict=True):
                    group.create_task(_follow(client, feed, show))
        finally:
            show.close()
    except BaseExceptionGroup as failed:
        errors, others = failed.split(StreamsError)
        if errors is None or others is not None:
            raise
        raise errors.exceptions[0] from None
    finally:
        for client in clients:
            await client.close()


async def show_once(url: str, key: SecretStr | None, feeds: Sequence[str], show: Show) -> None:
    """Show the feeds' current values.

    Raises:
        StreamsError: The service does not answer, or refuses the key.
    """
    async with WidgetClient(url, key) as client:
        show.open()
        try:
            for feed in feeds:
                show.put(feed, await client.get(feed))
        finally:
            show.close()


async def _follow(client: WidgetClient, feed: str, show: Show) -> None:
    if not any(character in feed for character in "*?["):
        current = await client.get(feed)
        if current not in {b"null", b"[]"}:
            show.put(feed, current)
    async for payload in client.payloads():
        show.put(feed, payload)


def _is_board(value: Any) -> bool:  # noqa: ANN401  any JSON
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "rank" in value[0]


def _board(feed: str, rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title=feed, title_justify="left")
    table.add_column("#", justify="right", style="dim")
    table.add_column("Symbol", style="bold")
    for name in ("Price", "Chg %", "Open %", "Vol", "Vol/Avg", "Float"):
        table.add_column(name, justify="right")
    for row in rows:
        relative, free_float = row.get("relative_volume"), row.get("free_float")
        table.add_row(
            str(row["rank"]),
            str(row.get("symbol")),
            price(row.get("close") or 0.0),
            percent(row.get("pct_change")),
            percent(row.get("pct_change_since_open")),
            volume(row.get("accumulated_volume") or 0.0),
            "–" if relative is None else f"{relative:.2f}×",
            "–" if free_float is None else volume(free_float),
        )
    return table


def _chart(feed: str, bars: Mapping[int, dict[str, Any]], rows: int) -> Table:
    table = Table(title=feed, title_justify="left")
    for name in ("ET", "Open", "High", "Low", "Close", "Vol", "VWAP"):
        table.add_column(name, justify="right")
    for start_ms in sorted(bars, reverse=True)[:rows]:
        bar, start = bars[start_ms], datetime.fromtimestamp(start_ms / 1000, NEW_YORK)
        table.add_row(
            f"{start:%H:%M}",
            *(price(bar[name]) for name in ("o", "h", "l", "c")),
            volume(bar["v"]),
            "–" if bar["vw"] is None else price(bar["vw"]),
            style=None if bar["final"] else "bold",
        )
    return table


def _entries(feed: str, entries: OrderedDict[str, Any]) -> Table:
    table = Table(title=feed, title_justify="left", show_header=False)
    for name, entry in entries.items():
        table.add_row(
            Text(name, "bold"), Text(msgspec.json.encode(entry).decode(), overflow="ellipsis", no_wrap=True)
        )
    return table
