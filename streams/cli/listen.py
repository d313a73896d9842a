"""``streams listen``: listeners that bring a vendor's events to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from streams.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True)
    group.command(
        "massive",
        help="Bring Massive's trades, quotes and aggregates to Kafka; control API on LISTENER_PORT.",
        epilog="Example: MASSIVE_API_KEY=… KAFKA_BOOTSTRAP=localhost:9092 streams listen massive",
    )(massive)
    group.command(
        "finlight",
        help="Bring Finlight's articles to Kafka; control API on FINLIGHT_LISTENER_PORT.",
        epilog="Example: FINLIGHT_API_KEY=… KAFKA_BOOTSTRAP=localhost:9092 streams listen finlight",
    )(finlight)
    group.callback(help="Bring a vendor's events to Kafka.")(_group)
    app.add_typer(group, name="listen")


def _group() -> None:
    """Hold the vendors."""


def massive() -> None:
    """Run the Massive listener with the environment's settings, until Ctrl-C or SIGTERM."""
    from streams.listeners import service

    _run(service.run)


def finlight() -> None:
    """Run the Finlight listener with the environment's settings, until Ctrl-C or SIGTERM."""
    from streams.listeners import finlight_service

    _run(finlight_service.run)


def _run(run: Callable[[Settings, asyncio.Event], Awaitable[None]]) -> None:
    from streams import settings
    from streams.cli.tasks import new_uvloop, run_until_stopped
    from streams.telemetry import configure_logging

    loaded = settings.load()
    configure_logging(loaded.log_level, loaded.log_format)
    run_until_stopped(lambda stop: run(loaded, stop), new_loop=new_uvloop)
