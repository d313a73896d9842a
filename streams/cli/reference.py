"""``streams reference``: per-symbol reference data."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True)
    group.command(
        "load",
        help="Load the whole market's reference data from the vendor's REST into Kafka.",
        epilog="Example: MASSIVE_API_KEY=… streams reference load",
    )(load)
    group.callback(help="Previous closes, average volumes, floats.")(_group)
    app.add_typer(group, name="reference")


def _group() -> None:
    """Hold a single command as a group."""


def load() -> None:
    """Load and say how many symbols."""
    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.reference.loader import load_reference

    count = run_to_end(load_reference(settings.load()))
    typer.echo(f"reference data of {count} symbols loaded")
