"""How a demo stands at one moment: what the views show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from streams.demo.readings import Rates, Reading
from streams.demo.report import describe
from streams.demo.spectator import BoardRow
from streams.feeds import Feed
from streams.sessions import NEW_YORK


@dataclass(frozen=True, slots=True)
class Status:
    """One moment of a demo.

    Attributes:
        seconds: Since events come.
        reading: What the processes say.
        rates: Per second.
        p50_ms, p99_ms: Latency from the simulator to a WebSocket client; None where nothing was measured.
        board_updates: Boards received so far.
        boards: The boards' best rows.
        restarts: How often what died was started again, by process.
    """

    seconds: float
    reading: Reading
    rates: Rates
    p50_ms: float | None
    p99_ms: float | None
    board_updates: int
    boards: dict[Feed, list[BoardRow]]
    restarts: dict[str, int]

    @property
    def clock(self) -> str:
        """The market's date and time in New York."""
        if not self.reading.clock_ms:
            return "not started"
        return datetime.fromtimestamp(self.reading.clock_ms / 1000, NEW_YORK).strftime("%Y-%m-%d %H:%M:%S ET")

    @property
    def latency(self) -> str:
        """The latency in words."""
        if self.p50_ms is None or self.p99_ms is None:
            return "latency –"
        return f"latency p50 {self.p50_ms:.0f} p99 {self.p99_ms:.0f} ms"

    def line(self) -> str:
        """Return all but the boards in one line."""
        rates, reading = self.rates, self.reading
        parts = [
            f"{self.seconds:4.0f} s",
            f"market {self.clock}",
            f"in {rates.events_in:,.0f}/s",
            f"listener {rates.received:,.0f}/s",
            f"scanner {rates.aggregates:,.0f} bars/s",
            f"lag {reading.lag:,}",
            f"boards {self.board_updates:,}",
            self.latency,
            describe(reading.account.dropped),
        ]
        if self.restarts:
            parts.append(
                "restarted " + ", ".join(f"{name} ×{count}" for name, count in self.restarts.items())
            )
        return " · ".join(parts)
