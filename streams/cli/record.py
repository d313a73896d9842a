"""``streams record``: what the vendor sends, to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "record",
        help="Write what the vendor sends to FILE, one JSON array a line; gzip where it is named .gz.",
        epilog="Example: MASSIVE_API_KEY=… streams record today.ndjson.gz --seconds 60",
    )(record)


def record(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    *,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="End after this many seconds; default at Ctrl-C.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE where it exists.")] = False,
) -> None:
    """Record with the environment's key, market and subscriptions."""
    from streams import settings
    from streams.cli.tasks import run_until_stopped
    from streams.listeners.recorder import run
    from streams.telemetry import configure_logging

    loaded = settings.load()
    configure_logging(loaded.log_level, loaded.log_format)
    frames = run_until_stopped(lambda stop: run(loaded, file, stop, seconds=seconds, overwrite=overwrite))
    typer.echo(f"{frames} frames in {file}")
