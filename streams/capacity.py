"""How much of everything a load needs: partitions, workers, broker, Redis, WDS, money. Arithmetic alone.

The model is linear but for two saturations: a record holds what arrives while it is open, and a feed is
published ten times a second at most. Each constant says which command measures it; two cores shared by
everything measured them, so they err on the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

BYTES_PER_EVENT: Final = 118.0
"""JSON of a trade, quote or bar as the vendor sends it: the listener's bytes_acknowledged by event."""
COMPRESSED: Final = 0.25
"""What lz4 leaves of a record: ``./scripts/bench tape``."""
BAR_RECORDS: Final = 5.0
"""Records of bars in a second and partition."""
COMMANDS_PER_VALUE: Final = 2.4
"""Commands of Redis for a published value: SET and PUBLISH, more for a list. Held by a test."""
VALUE_BYTES: Final = 500.0
BOARD_BYTES: Final = 150_000.0
"""A board of 500 rows; compressed BOARD_COMPRESSED of it: ``./scripts/bench fanout``."""
BOARD_COMPRESSED: Final = 0.24
PUBLISHED_A_SECOND: Final = 10.0
"""Most values of one feed in a second (PUBLISH_INTERVAL_S)."""
IDLE_CORES: Final = 0.035
"""What a process takes that has nothing to do: timers, heartbeats: ``streams demo --json --rate 1``."""
SERVICES: Final = 4
"""Processes beside workers and WDS: listeners, Kafka, Redis."""
CORE_SHARE: Final = 0.6
"""How much of a core may be planned with: the open is livelier than the mean of its second."""
LISTENER_EVENTS: Final = 640_000.0
"""Events a second of a listener's core: ``./scripts/bench listener``."""
REDIS_COMMANDS: Final = 400_000.0
"""Commands a second of a Redis core, in the emitters' script calls: ``./scripts/bench emit``, redis_ms."""
WDS_MESSAGES: Final = 100_000.0
"""Messages of VALUE_BYTES that a WDS process delivers in a second: ``./scripts/bench fanout``."""
WDS_BOARDS: Final = 20_000.0
"""Compressed boards that it delivers in a second: likewise."""
WDS_CLIENT_BYTES: Final = 40 * 1024.0
WORKER_BYTES: Final = 200e6
"""A worker with no rows: interpreter, libraries, fetched records."""
ROW_BYTES: Final = 8e3
"""A symbol's rows, their JSON and its share of RocksDB, over all apps."""
BROKER_MB_CORE: Final = 60.0
"""MB a second that a broker's core takes and gives: ``./scripts/bench pipeline``, CPU of Kafka."""


@dataclass(frozen=True, slots=True)
class App:
    """What an app takes of the tape and gives to Redis.

    Attributes:
        share: Of all events, those that it reads.
        per_core: Events a second that a core applies: the app's benchmark.
        values: Values published for an event, before conflation.
    """

    share: float
    per_core: float
    values: float


APPS: Final = {
    "scanner": App(0.12, 800_000, 2.3),
    "trades": App(0.29, 320_000, 0.53),
    "quotes": App(0.59, 1_000_000, 0.70),
    "bars": App(0.41, 580_000, 0.82),
}
"""Shares as in regular trading: 29 % trades, 59 % quotes, 12 % bars of a second or minute.

``./scripts/bench scanner``, ``trades``, ``quotes`` and ``bars`` measure per_core. The bars' workers take
290,000 bars a core and, by estimate, a million trades of minutes that the vendor's bars tell.
"""
PUBLISHED_PER_CORE: Final = 120_000.0
"""Values a second that a worker's core makes and sends to Redis.

Sending takes a sixth of it (``./scripts/bench emit``, client_ms), the JSON of the rows the rest.
"""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked for, at the busiest second that must be carried.

    Attributes:
        events_per_s: Events of the vendor.
        symbols: Symbols that trade.
        clients: Connections to the WDS.
        boards: Boards that a client watches, each published once a second.
        quotes: Symbols that a client watches.
        replication: Replicas of each topic.
        linger_s: How long a record gathers (RECORD_LINGER_MS).
        frame_s: The vendor's pause between two frames.
        partitions: Partitions of the market data topics.
    """

    events_per_s: float
    symbols: int = 8_000
    clients: int = 500
    boards: float = 3.0
    quotes: float = 20.0
    replication: int = 1
    linger_s: float = 0.02
    frame_s: float = 0.005
    partitions: int = 8


@dataclass(frozen=True, slots=True)
class Prices:
    """What machines cost in a month, in dollars; take your provider's."""

    core: float = 25.0
    memory_gb: float = 3.5
    disk_gb: float = 0.1
    egress_gb: float = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """What a demand needs.

    Attributes:
        records_per_s: Records in all market data topics.
        broker_in_mb_s: What the brokers take, replicas included, compressed.
        broker_disk_gb: What they keep.
        workers: Workers of each app; more partitions are needed where one has more than there are.
        values_per_s: Values published by all apps.
        redis_commands_per_s: Commands that they cost.
        wds_processes: Processes of the WDS.
        egress_mb_s: What all clients take, compressed where it is worth it.
        busy_cores: Processor time a second, in seconds.
        cores: Cores of everything, kept CORE_SHARE busy.
        memory_gb: Memory of everything.
    """

    records_per_s: float
    broker_in_mb_s: float
    broker_disk_gb: float
    workers: dict[str, int]
    values_per_s: float
    redis_commands_per_s: float
    wds_processes: int
    egress_mb_s: float
    busy_cores: float
    cores: float
    memory_gb: float

    def dollars_a_month(self, prices: Prices, trading_s: float = 21 * 16 * 3600) -> float:
        """Return what it costs, clients' traffic at this rate for ``trading_s`` seconds of the month."""
        return (
            self.cores * prices.core
            + self.memory_gb * prices.memory_gb
            + self.broker_disk_gb * prices.disk_gb
            + self.egress_mb_s / 1e3 * trading_s * prices.egress_gb
        )


def plan(demand: Demand) -> Plan:
    """Return what a demand needs."""
    values = {name: _values_per_s(app, demand) for name, app in APPS.items()}
    busy = {
        name: demand.events_per_s * app.share / app.per_core + values[name] / PUBLISHED_PER_CORE
        for name, app in APPS.items()
    }
    workers = {name: max(1, ceil(cores / CORE_SHARE)) for name, cores in busy.items()}
    commands = sum(values.values()) * COMMANDS_PER_VALUE
    messages = demand.clients * demand.quotes * min(1.0, demand.events_per_s * 0.12 / demand.symbols)
    boards = demand.clients * demand.boards
    wds = messages / WDS_MESSAGES + boards / WDS_BOARDS
    taken_mb = demand.events_per_s * BYTES_PER_EVENT * COMPRESSED / 1e6
    broker_mb = taken_mb * demand.replication
    processes = sum(workers.values()) + max(1, ceil(wds / CORE_SHARE)) + SERVICES
    busy_cores = (
        processes * IDLE_CORES
        + sum(busy.values())
        + demand.events_per_s / LISTENER_EVENTS
        + commands / REDIS_COMMANDS
        + wds
        # Every event is read by one app, bars and trades by two.
        + (broker_mb + taken_mb * sum(app.share for app in APPS.values())) / BROKER_MB_CORE
    )
    retention_s = {"quotes": 300, "trades": 900, "scanner": 900}
    memory = (
        sum(workers.values()) * WORKER_BYTES
        + demand.symbols * ROW_BYTES
        + demand.clients * WDS_CLIENT_BYTES
        + demand.replication * 1e9
    )
    return Plan(
        records_per_s=_records_per_s(demand),
        broker_in_mb_s=broker_mb,
        broker_disk_gb=sum(broker_mb * APPS[name].share * kept / 1e3 for name, kept in retention_s.items()),
        workers=workers,
        values_per_s=sum(values.values()),
        redis_commands_per_s=commands,
        wds_processes=max(1, ceil(wds / CORE_SHARE)),
        egress_mb_s=(messages * VALUE_BYTES + boards * BOARD_BYTES * BOARD_COMPRESSED) / 1e6,
        busy_cores=busy_cores,
        cores=busy_cores / CORE_SHARE,
        memory_gb=memory / 1e9,
    )


def _records_per_s(demand: Demand) -> float:
    """Return records a second: one opens with its first event, and closes with a frame ``linger_s`` later."""
    open_s = ceil(demand.linger_s / demand.frame_s) * demand.frame_s
    arriving = [demand.events_per_s * APPS[name].share / demand.partitions for name in ("trades", "quotes")]
    steady = sum(demand.partitions * rate / (1 + rate * open_s) for rate in arriving)
    # The bars of a second come together, within a few frames.
    return steady + demand.partitions * min(BAR_RECORDS, 1 / open_s)


def _values_per_s(app: App, demand: Demand) -> float:
    """Return values a second: what would be published, bounded by ten a second of each symbol."""
    wanted = demand.events_per_s * app.share * app.values
    return wanted / (1 + wanted / (demand.symbols * PUBLISHED_A_SECOND))
