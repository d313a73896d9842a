"""The way of a frame from the vendor's callback to the producer: hand-over, split, gather."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from streams.listeners.batcher import BRACKETS, Batcher
from streams.listeners.event_time import newest_ns
from streams.listeners.record import Record
from streams.listeners.split import Slice, Split, Splitter, Status
from streams.settings import Settings
from streams.telemetry import Counters, Reporter
from streams.topics import UNKNOWN, topic_of_event

logger = logging.getLogger(__name__)

TURN_S: Final = 0.002
"""How long frames are split before the connection has its turn: the vendor cuts off a slow consumer."""
DELAY_INTERVAL_NS: Final = 100_000_000
"""How often an event's own time is looked at."""
EXCERPT_BYTES: Final = 80
"""How much of an unusable item a log line shows."""


class Intake:
    """Takes frames as they come and brings them on as records.

    ``accept`` queues and returns, so that the vendor's client reads on at once and a burst waits here rather
    than at the vendor. What waits is bounded in bytes; then ``accept`` waits, and TCP slows the sender down.
    Nothing is dropped here: a replay may send as fast as it is taken.

    Args:
        settings: Bounds and the records' linger.
        put: Takes finished records.
        room: Waits until more records are welcome.
        on_status: Hears the vendor's messages about the connection.
        counters: Where frames and events are counted.
    """

    def __init__(
        self,
        settings: Settings,
        put: Callable[[Record], None],
        room: Callable[[], Awaitable[None]],
        on_status: Callable[[Status], None],
        counters: Counters,
    ) -> None:
        self._bound = settings.listener_handover_bytes
        self._partitions = settings.kafka_partitions
        self._splitter = Splitter(settings.kafka_partitions, settings.record_max_bytes - BRACKETS)
        self._batcher = Batcher(settings.record_linger_ms / 1000, settings.record_max_bytes)
        self._put = put
        self._wait_for_room = room
        self._on_status = on_status
        self._counters = counters
        self._reporter = Reporter(logger)
        self._frames: deque[tuple[bytes, int]] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._unknown = 0
        self._delay_due_ns = 0
        self.last_frame_at: float | None = None
        self.event_delay_s: float | None = None

    @property
    def fill_percent(self) -> float:
        """Share of the hand-over that is taken."""
        return round(100 * self._bytes / self._bound, 2)

    async def accept(self, frame: bytes | str) -> None:
        """Take a frame; wait for room only where too much waits already."""
        data = frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame
        self._frames.append((data, time.time_ns()))
        self._bytes += len(data)
        self.last_frame_at = time.monotonic()
        self._counters.add("frames")
        self._counters.add("bytes_received", len(data))
        self._filled.set()
        if self._bytes > self._bound:
            self._room.clear()
            await self._room.wait()

    async def run(self) -> None:
        """Bring frames on, until cancelled."""
        while True:
            await self._filled.wait()
            await self._wait_for_room()
            self._take_turn()
            await asyncio.sleep(0)

    def close(self) -> None:
        """Bring on all that waits."""
        while self._frames:
            self._take_turn()
        self._pass_on(self._batcher.flush())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take_turn(self) -> None:
        frames = self._frames
        end = time.monotonic() + TURN_S
        while frames:
            frame, received_ns = frames.popleft()
            self._bytes -= len(frame)
            self._process(frame, received_ns)
            if time.monotonic() >= end:
                break
        if not frames:
            self._filled.clear()
        if self._bytes <= self._bound:
            self._room.set()
        self._set_timer()

    def _process(self, frame: bytes, received_ns: int) -> None:
        split = self._splitter.split(frame)
        slices = split.slices
        self._count(slices)
        self._observe_delay(slices, received_ns)
        self._pass_on(self._batcher.add(slices, time.monotonic(), received_ns))
        if split.unknown or split.statuses or not slices:
            self._handle_others(split, received_ns)

    def _observe_delay(self, slices: list[Slice], received_ns: int) -> None:
        """Compare the exchange's clock with the time of receipt, for one event now and then."""
        if not slices or received_ns < self._delay_due_ns:
            return
        self._delay_due_ns = received_ns + DELAY_INTERVAL_NS
        event_type, _, _, data = slices[-1]
        if (happened_ns := newest_ns(data)) is not None:
            delay_s = (received_ns - happened_ns) / 1e9
            self.event_delay_s = delay_s
            self._counters.observe("event_delay", delay_s, reason=topic_of_event(event_type).suffix)

    def _count(self, slices: list[Slice]) -> None:
        by_type: dict[str, int] = {}
        for event_type, _, events, _ in slices:
            by_type[event_type] = by_type.get(event_type, 0) + events
        for event_type, events in by_type.items():
            self._counters.add("events", events, reason=event_type)

    def _handle_others(self, split: Split, received_ns: int) -> None:
        for reason, item in split.unknown:
            self._counters.add("unknown", reason=reason)
            self._reporter.warn(f"not usable, kept in md.{UNKNOWN.suffix}: {reason}", _excerpt(item))
            # They have no key: they take the partitions in turn.
            self._put(Record(UNKNOWN, self._unknown % self._partitions, item, 1, received_ns))
            self._unknown += 1
        for status in split.statuses:
            self._on_status(status)
        if not (split.slices or split.unknown or split.statuses):
            self._counters.add("empty_frames")

    def _pass_on(self, records: list[Record]) -> None:
        for record in records:
            self._put(record)

    def _set_timer(self) -> None:
        due = self._batcher.next_due()
        if self._timer is None and due is not None:
            delay = max(0.0, due - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._pass_on(self._batcher.due(time.monotonic()))
        self._set_timer()


def _excerpt(item: bytes) -> str:
    """Return the beginning of an item, fit for one line of a log."""
    return ascii(item[:EXCERPT_BYTES].decode("utf-8", "replace"))
