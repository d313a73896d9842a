"""Acknowledgements that trail behind: of what was taken a while ago, and is in Redis since."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any, Final

from faust.types import EventT

from streams.worker import WorkerApp

POLL_S: Final = 0.05
"""How soon acknowledgements follow when Faust waits for them before it gives partitions away."""
MAX_PENDING: Final = 20_000
"""Most events that wait; beyond it the oldest is acknowledged early."""


class TrailingAcknowledgements:
    """Acknowledges each event a while after it was taken.

    What was not acknowledged is read again after a crash. Newest quotes have no table to come back from, and
    a quiet symbol's may be the last for hours: so none counts as read before it has had the time to reach
    Redis, to which changes go ten times a second.

    Args:
        app: The Faust app whose events these are.
        delay_s: How long an event waits.
    """

    def __init__(self, app: WorkerApp, delay_s: float) -> None:
        self._app = app
        self._delay_s = delay_s
        self._waiting: deque[tuple[float, EventT[Any]]] = deque()

    def add(self, event: EventT[Any]) -> None:
        """Let an event wait. Its payload is let go."""
        event.value = event.message.value = None
        self._waiting.append((time.monotonic(), event))
        if len(self._waiting) > MAX_PENDING:
            self._waiting.popleft()[1].ack()

    async def run(self) -> None:
        """Acknowledge for ever; at once when partitions are about to be given away."""
        while True:
            await asyncio.sleep(POLL_S)
            is_leaving = not self._app.flow_control.is_active()
            due = time.monotonic() - (0.0 if is_leaving else self._delay_s)
            while self._waiting and self._waiting[0][0] <= due:
                self._waiting.popleft()[1].ack()
