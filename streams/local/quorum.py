"""The brokers of a local cluster: where each listens, and its configuration."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from streams.local.process import free_port
from streams.topics import MAX_MESSAGE_BYTES

HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Quorum:
    """Brokers that are the controllers as well (KRaft), on the loopback interface.

    Attributes:
        cluster_id: What their storage is formatted with, 16 bytes in URL-safe base64.
        ports: For each broker, by its id less one: the port for clients and that for controllers.
    """

    cluster_id: str
    ports: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, brokers: int) -> Self:
        """Return a new cluster's brokers, on free ports."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        return cls(cluster_id, tuple((free_port(HOST), free_port(HOST)) for _ in range(brokers)))

    def address(self, broker_id: int) -> str:
        """Return a broker's ``host:port`` for clients."""
        return f"{HOST}:{self.ports[broker_id - 1][0]}"

    def properties(self, broker_id: int, data: Path) -> str:
        """Return the text of a broker's server.properties; ``data`` is the folder of its logs."""
        controllers = [f"{number}@{HOST}:{ports[1]}" for number, ports in enumerate(self.ports, 1)]
        replicas = min(3, len(self.ports))
        in_sync = min(2, replicas)
        values = {
            "process.roles": "broker,controller",
            "node.id": broker_id,
            "listeners": f"BROKER://{self.address(broker_id)},"
            f"CONTROLLER://{HOST}:{self.ports[broker_id - 1][1]}",
            "advertised.listeners": f"BROKER://{self.address(broker_id)}",
            "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "BROKER",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": ",".join(controllers),
            "log.dirs": data,
            "auto.create.topics.enable": "false",
            "message.max.bytes": 2 * MAX_MESSAGE_BYTES,
            # Retention of minutes takes effect in seconds, and what is deleted leaves the disk soon.
            "log.retention.check.interval.ms": 10_000,
            "log.segment.bytes": 128 * 1024 * 1024,
            "log.segment.delete.delay.ms": 1_000,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
            # Few partitions of internal topics: they are quickly made.
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            # Workers start at once, and a killed one is missed within seconds.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1_000,
            # A broker that was killed may come back under its own id only when its session has run out.
            "broker.session.timeout.ms": 4_000,
            "broker.heartbeat.interval.ms": 500,
            "num.network.threads": 2,
            "num.io.threads": 4,
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())
