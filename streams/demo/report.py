"""What a demo has come to: one JSON object, or a few lines."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a demo; the names are those of its JSON object.

    Attributes:
        events_in: Events that the simulator sent to the listener.
        events_processed: Events acknowledged by Kafka in their topic or, for aggregates, applied by the
            scanner: each counts once, at the end of its way (see ``counts``).
        in_flight: Events that were neither processed nor dropped at the end.
        dropped: What was lost, by component and reason.
        ignored: Aggregates that changed nothing by the scanner's rules, by reason.
        board_updates: Boards that a WebSocket client has received.
        latency_ms: Percentiles from the simulator's send to a WebSocket client's receipt of the quote.
        latency_samples: How many quotes were timed.
        seconds: How long events came.
        start_seconds: How long it took until everything was up.
        symbols: Listings of the synthetic market; None for a recording.
        workers: Scanner workers.
        restarts: How often what died was started again, by process.
        cpu_percent: Mean use of one core, by process.
        resident_mb: Memory at the end, by process.
        stopped_clean: Whether no process, port or folder is left.
        left: What is left.
    """

    events_in: int
    events_processed: int
    in_flight: int
    dropped: dict[str, int]
    ignored: dict[str, int]
    board_updates: int
    latency_ms: dict[str, float | None]
    latency_samples: int
    seconds: float
    start_seconds: float
    symbols: int | None
    workers: int
    restarts: dict[str, int]
    cpu_percent: dict[str, float]
    resident_mb: dict[str, int]
    stopped_clean: bool
    left: list[str]

    def json(self) -> str:
        """Return the JSON object on one line."""
        return msgspec.json.encode(self).decode()

    def lines(self) -> list[str]:
        """Return it for people."""
        p50, p99 = (self.latency_ms[name] for name in ("p50", "p99"))
        latency = "not measured" if p50 is None or p99 is None else f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        return [
            f"{self.events_in:,} events in {self.seconds:.1f} s, {self.events_processed:,} processed, "
            f"{self.in_flight:,} in flight, {describe(self.dropped)}",
            f"{self.board_updates:,} board updates; send to WebSocket receipt: {latency}",
            "all stopped, nothing left" if self.stopped_clean else f"left behind: {', '.join(self.left)}",
        ]


def describe(dropped: dict[str, int]) -> str:
    """Return what was dropped, in words."""
    if not dropped:
        return "0 dropped"
    return "dropped " + ", ".join(f"{reason} {count:,}" for reason, count in dropped.items())
