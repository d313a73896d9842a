"""``streams up``: all of the platform against servers named in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "up",
        help="Run all of it against the Kafka, the Redis and the vendor named in the environment.",
        epilog="Example: KAFKA_BOOTSTRAP=… MASSIVE_API_KEY=… AUTH_API_KEY=… streams up --workers 2",
    )(up)


def up(
    *,
    workers: Annotated[int, typer.Option(min=1, help="Scanner workers that share the partitions.")] = 1,
    screeners: Annotated[
        Path | None, typer.Option(help="Definitions of boards of your own, in TOML; default SCREENERS_FILE.")
    ] = None,
) -> None:
    """Keep them running until Ctrl-C or SIGTERM; what dies is started again."""
    from streams import settings
    from streams.cli.tasks import run_until_stopped
    from streams.platform.service import run
    from streams.telemetry import configure_logging

    loaded = settings.load()
    if screeners is not None:
        loaded = loaded.model_copy(update={"screeners_file": screeners})
    configure_logging(loaded.log_level, loaded.log_format)
    run_until_stopped(lambda stop: run(loaded, stop, workers=workers))
