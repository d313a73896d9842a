"""``streams wds``: the widget data service."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "wds",
        help="Serve the widget feeds to WebSocket clients.",
        epilog="Example: AUTH_API_KEY=… streams wds",
    )(wds)


def wds() -> None:
    """Run the WDS with the environment's settings, until Ctrl-C or SIGTERM."""
    from streams import settings
    from streams.cli.tasks import new_uvloop, run_until_stopped
    from streams.telemetry import configure_logging
    from streams.wds import service

    loaded = settings.load()
    configure_logging(loaded.log_level)
    run_until_stopped(lambda stop: service.run(loaded, stop), new_loop=new_uvloop)
