"""What a demo's processes say of themselves, read together: counts, rates, lag, the market's clock."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from streams.demo.counts import Account, Ledger, account
from streams.demo.stage import Stage
from streams.platform.components import lag

WINDOW_S: Final = 5.0
"""Rates are means over this long."""
READ_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """How a demo stands.

    Attributes:
        at: When it was read, monotonic seconds.
        clock_ms: The market's clock, ms since 1970 UTC; 0 before the first event.
        account: What became of the events.
        lag: Records that the scanner has not read yet.
        waiting_bytes: What waits for the listener in the simulator.
        finished: Whether a recording has been sent to its end.
        error: What is wrong with the simulator's recording, None where nothing is.
    """

    at: float
    clock_ms: int
    account: Account
    lag: int
    waiting_bytes: int
    finished: bool
    error: str | None

    @property
    def is_drained(self) -> bool:
        """Whether everything that the simulator sent has been processed."""
        return not (self.waiting_bytes or self.account.in_flight)


@dataclass(frozen=True, slots=True)
class Rates:
    """Per second: events sent by the simulator, received by the listener, applied by the scanner; boards."""

    events_in: float = 0.0
    received: float = 0.0
    aggregates: float = 0.0
    boards: float = 0.0


class Reader:
    """Reads a stage's processes.

    Args:
        stage: What to read.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ledger = Ledger()
        self._simulator: dict[str, Any] = {}
        self._lags: dict[str, int] = {}
        self._window: deque[tuple[Reading, int]] = deque()

    async def read(self) -> Reading:
        """Ask every process. One that does not answer counts with what it last said."""
        stage = self._stage
        components = (*stage.workers, stage.listener, stage.wds)
        # The simulator comes last: no event may seem processed before it was sent.
        healths = await asyncio.gather(*(stage.probe.health(each.health_url) for each in components))
        for component, health in zip(components, healths, strict=True):
            if health:
                self._ledger.update(component.name, health.get("counters", {}))
                self._lags[component.name] = lag(health)
        simulator = await stage.probe.health(stage.simulator.health_url)
        if simulator:
            self._simulator = simulator
            self._ledger.update(stage.simulator.name, {"events_sent": simulator["events_sent"]})
        return self._reading()

    def rates(self, reading: Reading, board_updates: int) -> Rates:
        """Return rates over the last seconds, up to this reading."""
        window = self._window
        window.append((reading, board_updates))
        while len(window) > 2 and window[1][0].at <= reading.at - WINDOW_S:  # noqa: PLR2004  a first and a last
            window.popleft()
        first, boards = window[0]
        seconds = reading.at - first.at
        if seconds <= 0:
            return Rates()
        now, then = reading.account, first.account
        return Rates(
            (now.events_in - then.events_in) / seconds,
            (now.events_received - then.events_received) / seconds,
            (now.aggregates - then.aggregates) / seconds,
            (board_updates - boards) / seconds,
        )

    def _reading(self) -> Reading:
        simulator = self._simulator
        return Reading(
            at=time.monotonic(),
            clock_ms=simulator.get("clock_ms", 0),
            account=account(self._ledger),
            lag=sum(self._lags.values()),
            waiting_bytes=simulator.get("waiting_bytes", 0),
            finished=simulator.get("finished", False),
            error=simulator.get("error"),
        )
