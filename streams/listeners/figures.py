"""What a listener's gauges read."""

from __future__ import annotations

import time
from collections.abc import Callable

from streams.listeners.producer import RecordProducer
from streams.listeners.supervisor import State, Supervisor
from streams.telemetry import Counters


def watch(
    counters: Counters,
    supervisor: Supervisor,
    producer: RecordProducer,
    last_message_at: Callable[[], float | None],
) -> None:
    """Make ``counters`` tell how the connection and the way to Kafka stand.

    Args:
        counters: The listener's.
        supervisor: Of its connection.
        producer: Its way to Kafka.
        last_message_at: Returns when the last message came, monotonic seconds; None before the first.
    """

    def last_message() -> float | None:
        last = last_message_at()
        return None if last is None else time.time() - (time.monotonic() - last)

    counters.watch("connected", lambda: supervisor.status().state is State.CONNECTED)
    counters.watch("wanted", lambda: supervisor.status().state is not State.STOPPED)
    counters.watch("last_message", last_message)
    counters.watch("kafka_up", lambda: producer.status().connected)
    counters.watch("buffered_bytes", lambda: producer.status().buffered_bytes)
    counters.watch("buffered_records", lambda: producer.status().buffered_records)
    counters.watch("buffer_fill", lambda: producer.status().fill_percent / 100)
    counters.watch("oldest_record", lambda: producer.status().oldest_age_s)
