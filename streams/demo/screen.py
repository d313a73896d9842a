"""The views of a demo: a live screen in a terminal, or a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams import feeds
from streams.demo.report import describe
from streams.demo.spectator import BOARDS, BoardRow
from streams.demo.status import Status
from streams.feeds import Feed

LINE_S: Final = 3.0
ROWS: Final = 10
FEW_ROWS: Final = 4
"""Rows of a board where they stand one below the other."""
SIDE_BY_SIDE: Final = 100
"""Columns of a terminal that has room for the boards side by side."""
_TITLES: Final = {
    feeds.TOP_GAPPERS: "Gappers: against the previous close",
    feeds.TOP_GAINERS: "Gainers: since the open",
    feeds.TOP_VOLUME: "Volume: since 04:00 ET",
}
_BILLION: Final = 1e9
_MILLION: Final = 1e6
_THOUSAND: Final = 1e3
_HUNDRED: Final = 100.0


class View(Protocol):
    """Shows what a demo does."""

    def say(self, line: str) -> None:
        """Show one line of news."""

    def begin(self, addresses: Sequence[tuple[str, str]]) -> None:
        """Show where to connect: (what, address); events come from now on."""

    def show(self, status: Status) -> None:
        """Show how it stands."""

    def end(self) -> None:
        """Show nothing more but news."""


class LineView:
    """Plain lines on stderr.

    Args:
        console: Where they go.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0

    def say(self, line: str) -> None:
        """Show one line of news."""
        self._console.print(Text(line), soft_wrap=True)

    def begin(self, addresses: Sequence[tuple[str, str]]) -> None:
        """Show where to connect: (what, address); events come from now on."""
        for what, address in addresses:
            self.say(f"{what:18} {address}")

    def show(self, status: Status) -> None:
        """Show how it stands, once in a few seconds."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + LINE_S
            self.say(status.line())

    def end(self) -> None:
        """Show nothing more but news."""


class LiveView(LineView):
    """A screen that is drawn anew four times a second, below what was said before.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._addresses: Sequence[tuple[str, str]] = ()
        self._live: Live | None = None

    def begin(self, addresses: Sequence[tuple[str, str]]) -> None:
        """Show where to connect: (what, address); events come from now on."""
        self._addresses = addresses
        self._live = Live(
            console=self._console, auto_refresh=False, vertical_overflow="crop", transient=False
        )
        self._live.start()

    def show(self, status: Status) -> None:
        """Show how it stands."""
        if self._live is not None:
            self._live.update(self._screen(status), refresh=True)

    def end(self) -> None:
        """Leave the last picture where it is."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _screen(self, status: Status) -> RenderableType:
        rows = ROWS if (wide := self._console.width >= SIDE_BY_SIDE) else FEW_ROWS
        boards = [_board(feed, status.boards.get(feed, []), rows) for feed in BOARDS]
        shown: list[RenderableType] = list(boards)
        if wide:
            grid = Table.grid(expand=True, padding=(0, 2))
            for _ in boards:
                grid.add_column(ratio=1)
            grid.add_row(*boards)
            shown = [grid]
        return Group(_figures(status), *shown, _where(self._addresses))


def _figures(status: Status) -> RenderableType:
    rates, reading = status.rates, status.reading
    dropped = reading.account.dropped
    dim = "dim"
    line = Text.assemble(
        ("market ", dim), (status.clock, "bold"),
        ("   up ", dim), f"{status.seconds:.0f} s",
        ("\nevents/s  in ", dim), f"{rates.events_in:,.0f}",
        ("  listener ", dim), f"{rates.received:,.0f}",
        ("  scanner bars ", dim), f"{rates.aggregates:,.0f}",
        ("\nlag ", dim), f"{reading.lag:,} records",
        ("  in flight ", dim), f"{max(0, reading.account.in_flight):,}",
        ("  boards ", dim), f"{status.board_updates:,} ({rates.boards:.1f}/s)  {status.latency}  ",
        (describe(dropped), "bold red" if dropped else "green"),
    )  # fmt: skip
    if status.restarts:
        line.append(
            "\nrestarted " + ", ".join(f"{name} ×{n}" for name, n in status.restarts.items()), "yellow"
        )
    return Panel(line, title="market streams", title_align="left")


def _board(feed: Feed, rows: Sequence[BoardRow], count: int) -> Table:
    since_open = feed is feeds.TOP_GAINERS
    table = Table(title=_TITLES[feed], title_justify="left", expand=True, box=None, pad_edge=False)
    table.add_column("#", justify="right", style="dim", min_width=2)
    table.add_column("Symbol", style="bold", no_wrap=True)
    for name, width in (("Price", 6), ("Open %" if since_open else "Chg %", 7), ("Vol", 5)):
        table.add_column(name, justify="right", min_width=width, no_wrap=True)
    for row in rows[:count]:
        change = row.pct_change_since_open if since_open else row.pct_change
        table.add_row(
            str(row.rank), row.symbol, price(row.close), percent(change), volume(row.accumulated_volume)
        )
    for _ in range(count - len(rows)):
        table.add_row("")
    return table


def _where(addresses: Sequence[tuple[str, str]]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for what, address in addresses:
        grid.add_row(Text(what, "dim"), Text(address))
    return Panel(grid, title="connect (Ctrl-C ends it)", title_align="left")


def price(value: float) -> str:
    """Return dollars as traders read them: four decimals below $1."""
    return f"{value:.2f}" if value >= 1 else f"{value:.4f}"


def percent(value: float | None) -> Text:
    """Return a change in percent, with sign and colour; a dash where it is unknown."""
    if value is None:
        return Text("–", "dim")
    colour = "green" if value > 0 else "red" if value < 0 else "dim"
    decimals = 2 if abs(value) < _HUNDRED else 1 if abs(value) < _THOUSAND else 0
    return Text(f"{value:+,.{decimals}f}%", colour)


def volume(value: float) -> str:
    """Return shares in three digits: 945, 12.3K, 1.05M, 2.10B."""
    for unit, name in ((_BILLION, "B"), (_MILLION, "M"), (_THOUSAND, "K")):
        if value >= unit:
            scaled = value / unit
            return f"{scaled:.{max(0, 2 - len(str(int(scaled))) + 1)}f}{name}"
    return f"{value:.0f}"
