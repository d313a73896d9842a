"""The platform's processes: their commands, where they answer, and when they are ready."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from streams.settings import Settings
from streams.topics import AGGREGATES

SELF: Final = (sys.executable, "-m", "streams")
YIELDING: Final = ("nice", "-n", "5")
"""Where processor time is short listeners come first: the vendor cuts off who is slow, workers catch up."""
SIMULATOR: Final = "simulator"
LISTENER: Final = "Massive listener"
NEWS_LISTENER: Final = "Finlight listener"
SCANNER: Final = "scanner"
WORKER: Final = f"{SCANNER} worker"
NEWS: Final = "news"
OTHER_APPS: Final = ("trades", "quotes", NEWS, "bars")
"""Apps beside the scanner; one worker of each is enough for the whole market."""
WDS: Final = "WDS"
SCP: Final = "SCP"

Health = dict[str, Any]
"""What a process says of itself: the JSON object at its health address."""


@dataclass(frozen=True, slots=True)
class Component:
    """One process of the platform.

    Attributes:
        name: What people call it.
        command: The program and its arguments; nothing secret, for all users see arguments.
        health_url: Where it says how it is.
        is_ready: Tells from that whether it does its work.
        environment: Variables that it needs beside those of all.
    """

    name: str
    command: tuple[str, ...]
    health_url: str
    is_ready: Callable[[Health], bool]
    environment: dict[str, str] = field(default_factory=dict)


def listener(settings: Settings) -> Component:
    """Return the Massive listener; it is ready when data can flow from the vendor to Kafka."""
    return Component(
        LISTENER,
        (*SELF, "listen", "massive"),
        f"http://{settings.listener_host}:{settings.listener_port}/health",
        lambda health: health.get("healthy") is True,
    )


def news_listener(settings: Settings) -> Component:
    """Return the Finlight listener; it is ready when articles can flow from the vendor to Kafka."""
    return Component(
        NEWS_LISTENER,
        (*SELF, "listen", "finlight"),
        f"http://{settings.listener_host}:{settings.finlight_listener_port}/health",
        lambda health: health.get("healthy") is True,
    )


def worker(app: str, number: int, port: int) -> Component:
    """Return a worker with its web port; it is ready when it has its partitions.

    Args:
        app: Whose: the scanner's or that of another app.
        number: From 1.
        port: Its web port, on the loopback interface.
    """
    return Component(
        f"{app} worker {number}",
        (
            *YIELDING,
            *(sys.executable, "-m", "faust", "-A", f"streams.{app}.app", "-L", "uvloop"),
            *("worker", "-l", "warn", "--web-bind", "127.0.0.1", "--web-port", str(port)),
        ),
        f"http://127.0.0.1:{port}/health",
        lambda health: health.get("status") == "ok",
    )


def wds(settings: Settings) -> Component:
    """Return the WDS; it is ready when both Redis databases answer it."""
    return Component(
        WDS,
        (*SELF, "wds"),
        _wds_health_url(settings, settings.wds_port),
        # Not by its status: boards of yesterday are late until the workers are there.
        lambda health: bool(health.get("redis")) and all(health["redis"].values()),
    )


def scp(settings: Settings, watched: Iterable[Component]) -> Component:
    """Return the SCP; it is ready when its database answers.

    Args:
        settings: Its address.
        watched: The components that it shows and controls.
    """
    return Component(
        SCP,
        (*YIELDING, *SELF, "scp"),
        _health_url(settings.scp_host, settings.scp_port, is_tls=settings.scp_ssl_certfile is not None),
        lambda health: health.get("status") == "ok",
        {
            "SCP_COMPONENTS": ",".join(
                f"{each.name}={each.health_url.removesuffix('/health')}" for each in watched
            )
        },
    )


def wds_worker(
    settings: Settings, port: int, number: int, own_port: int, own_ports: Iterable[int]
) -> Component:
    """Return one of the WDS's processes that share a port; it is ready when it serves.

    Args:
        settings: The WDS's.
        port: What they share.
        number: From 1.
        own_port: Where it answers alone.
        own_ports: Where each of them does.
    """
    tls = {"WDS_SSL_CERTFILE": settings.wds_ssl_certfile, "WDS_SSL_KEYFILE": settings.wds_ssl_keyfile}
    numbers = {
        "WDS_PORT": port,
        "WDS_WORKERS": 1,
        "WDS_WORKER": number,
        "WDS_OWN_PORT": own_port,
        "WDS_OWN_PORTS": ",".join(map(str, own_ports)),
    }
    return Component(
        f"{WDS} worker {number}",
        (*SELF, "wds"),
        _wds_health_url(settings, own_port),
        bool,
        {name: str(value) for name, value in {**tls, **numbers}.items() if value is not None},
    )


def _wds_health_url(settings: Settings, port: int) -> str:
    return _health_url(settings.wds_host, port, is_tls=settings.wds_ssl_certfile is not None)


def _health_url(host: str, port: int, *, is_tls: bool) -> str:
    host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  compared
    return f"{'https' if is_tls else 'http'}://{host}:{port}/health"


def assigned_partitions(health: Health, settings: Settings) -> int:
    """Return how many partitions of md.aggregates a worker has."""
    topic = settings.topic(AGGREGATES)
    return sum(progress["topic"] == topic for progress in health.get("partitions", ()))


def lag(health: Health) -> int:
    """Return how many records a worker has not read yet, over all its partitions."""
    return sum(progress["lag"] or 0 for progress in health.get("partitions", ()))
