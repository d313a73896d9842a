"""The entry point: all commands, and errors as one clear line."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from streams.cli import (
    backtest,
    capacity,
    demo,
    doctor,
    faults,
    listen,
    record,
    reference,
    replay,
    scp,
    screeners,
    simulate,
    topics,
    up,
    watch,
    wds,
)
from streams.errors import StreamsError

NEEDED: Final = (3, 11)

app: Final = typer.Typer(
    name="streams",
    help="A stock scanner's back end, from the tape to the widget. Every setting is an environment variable.",
    epilog="Example: streams demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it so
    if wanted:
        from streams.version import VERSION

        typer.echo(f"streams {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


demo.add_to(app)
faults.add_to(app)
up.add_to(app)
simulate.add_to(app)
listen.add_to(app)
record.add_to(app)
replay.add_to(app)
backtest.add_to(app)
watch.add_to(app)
topics.add_to(app)
reference.add_to(app)
screeners.add_to(app)
wds.add_to(app)
scp.add_to(app)
capacity.add_to(app)
doctor.add_to(app)


def run() -> None:
    """Run the command line and exit: 0 all well, 1 an error, 2 wrong usage, 130 Ctrl-C."""
    if sys.version_info < NEEDED:
        needed = ".".join(map(str, NEEDED))
        sys.exit(f"streams: Python {needed} or newer is needed, this is {sys.version.split()[0]}")
    try:
        app()
    except StreamsError as error:
        print(f"streams: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)  # as shells have it
