"""Shows what feeds carry."""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

import msgspec
from pydantic import SecretStr
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streams.client import MarketClient, State, Subscription
from streams.demo.screen import percent, price, volume
from streams.errors import StreamsError
from streams.feeds import SCREENER
from streams.sessions import NEW_YORK
from streams.wds import globs

BOARDS: Final = SCREENER.key("")
"""What the names of boards begin with."""
SYMBOLS: Final = 40
"""Most entries that a feed of single values shows, the newest."""
REFRESHES_A_SECOND: Final = 4


_entries_of: Final = msgspec.json.Decoder(list[msgspec.Raw])


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
    async with MarketClient(url, api_key=_revealed(key), on_state=partial(_tell, url)) as client:
        updates = [_subscribe(client, feed) for feed in dict.fromkeys(feeds)]
        for each in updates:
            await each.confirmed()
        show.open()
        try:
            async with asyncio.TaskGroup() as group:
                for each in updates:
                    group.create_task(_follow(each, show))
        except BaseExceptionGroup as failed:
            errors, others = failed.split(StreamsError)
            if errors is None or others is not None:
                raise
            raise errors.exceptions[0] from None
        finally:
            show.close()


async def show_once(url: str, key: SecretStr | None, feeds: Sequence[str], show: Show) -> None:
    """Show the feeds' current values.

    Raises:
        StreamsError: The service does not answer, or refuses the key.
    """
    async with MarketClient(url, api_key=_revealed(key)) as client:
        show.open()
        try:
            for feed in feeds:
                value = await client.get(feed, msgspec.Raw)
                show.put(feed, b"null" if value is None else bytes(value))
        finally:
            show.close()


def _subscribe(client: MarketClient, feed: str) -> Subscription[msgspec.Raw]:
    # Values as they are written: numbers keep their digits.
    return client.subscribe(
        feed, msgspec.Raw, snapshot=not globs.is_glob(feed), delta=feed.startswith(BOARDS)
    )


async def _follow(updates: Subscription[msgspec.Raw], show: Show) -> None:
    async for update in updates:
        if update.data is None:
            continue
        if update.kind == "items":
            for entry in reversed(_entries_of.decode(update.data)):
                show.put(updates.name, bytes(entry))
        elif bytes(update.data) != b"[]" or update.kind == "value":
            show.put(updates.name, bytes(update.data))


def _tell(url: str, state: State) -> None:
    # Nothing about what is as it should be from the beginning to the end.
    if state is State.DISCONNECTED:
        print(f"streams: the connection to {url} is lost; trying again", file=sys.stderr)
    elif state is State.STALE:
        print(f"streams: {url} has no updates until its Redis is back", file=sys.stderr)


def _revealed(key: SecretStr | None) -> str | None:
    return None if key is None else key.get_secret_value()


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
